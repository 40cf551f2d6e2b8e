// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// A LUT as Descriptor and Data give it (PS3.3 §C.11.1.1.1): entries from a first mapped value on; what lies outside has the
/// first or the last.
struct LookupTable {
  let entries: [UInt16]
  let firstMapped: Int
  /// Of an entry.
  let bits: Int

  init(descriptor: Element?, data: Element?, isSigned: Bool) throws(PixelError) {
    guard let descriptor, let data else { throw .cannotRender(why: "a LUT without descriptor or data") }
    let numbers = descriptor.numbers(of: UInt16.self)
    guard numbers.count >= 3 else { throw .cannotRender(why: "a LUT descriptor of \(numbers.count) values") }
    // 0 says 65536.
    let count = numbers[0] == 0 ? 65536 : Int(numbers[0])
    firstMapped = isSigned ? Int(Int16(bitPattern: numbers[1])) : Int(numbers[1])
    bits = Int(numbers[2])
    guard (1...16).contains(bits) else { throw .cannotRender(why: "LUT entries of \(bits) bits") }
    let words = data.numbers(of: UInt16.self)
    if words.count >= count {
      entries = Array(words.prefix(count))
    } else if bits <= 8, data.length >= count {
      // Two entries of 8 bits a word, the first in its low byte.
      entries = data.value.prefix(count).map { UInt16($0) }
    } else {
      throw .cannotRender(why: "a LUT of \(words.count) entries where \(count) are said")
    }
  }

  /// A palette's channel, from its segments too.
  init(entries: [UInt16], firstMapped: Int, bits: Int) {
    self.entries = entries
    self.firstMapped = firstMapped
    self.bits = bits
  }

  func entry(for value: Double) -> UInt16 {
    guard value.isFinite else { return entries.first ?? 0 }
    let place = min(max(value - Double(firstMapped), 0), Double(entries.count - 1))
    return entries[Int(place)]
  }

  var largest: Double { Double((1 << bits) - 1) }
}

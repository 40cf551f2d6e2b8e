// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// PALETTE COLOR to RGB (PS3.3 §C.7.9).
struct PaletteColorTransformation {
  private let channels: [LookupTable]

  init(_ dataSet: DataSet, description: PixelDescription) throws(PixelError) {
    var channels: [LookupTable] = []
    for channel: UInt16 in 1...3 {
      let descriptor = dataSet[Tag(0x0028, 0x1100 + channel)]
      if let data = dataSet[Tag(0x0028, 0x1200 + channel)] {
        channels.append(
          try LookupTable(descriptor: descriptor, data: data, isSigned: description.layout.isSigned))
      } else {
        channels.append(
          try SegmentedPalette.table(
            descriptor: descriptor, data: dataSet[Tag(0x0028, 0x1220 + channel)], isSigned: description.layout.isSigned)
        )
      }
    }
    // Some writers say 16 bits and fill 8 of them.
    let isNarrow = channels.allSatisfy { $0.bits > 8 && $0.entries.allSatisfy { $0 < 256 } }
    self.channels = channels.map { channel in
      let shift = isNarrow ? 0 : max(channel.bits - 8, 0)
      let entries = channel.entries.map { UInt16(UInt8(truncatingIfNeeded: $0 >> UInt16(shift))) }
      return LookupTable(entries: entries, firstMapped: channel.firstMapped, bits: 8)
    }
  }

  func colours(of values: StoredValues) -> [UInt8] {
    var colours: [UInt8] = []
    colours.reserveCapacity(values.count * 3)
    if values.areTabulated {
      let table = (0..<values.rawCount).map { colour(values.value(ofRaw: UInt64($0))) }
      values.forEachRaw { raw in
        let (red, green, blue) = table[raw]
        colours.append(red)
        colours.append(green)
        colours.append(blue)
      }
    } else {
      for index in 0..<values.count {
        let (red, green, blue) = colour(values.value(ofRaw: values.raw(index)))
        colours += [red, green, blue]
      }
    }
    return colours
  }

  private func colour(_ value: Double) -> (UInt8, UInt8, UInt8) {
    let entries = channels.map { UInt8(truncatingIfNeeded: $0.entry(for: value)) }
    return (entries[0], entries[1], entries[2])
  }
}

/// Palettes told by segments (PS3.3 §C.7.9.2): discrete, linear, and repetitions of segments before.
enum SegmentedPalette {
  static func table(descriptor: Element?, data: Element?, isSigned: Bool) throws(PixelError) -> LookupTable {
    guard let descriptor, let data else { throw .cannotRender(why: "the palette is incomplete") }
    let numbers = descriptor.numbers(of: UInt16.self)
    guard numbers.count >= 3, (1...16).contains(numbers[2]) else { throw .cannotRender(why: "a palette's descriptor") }
    let count = numbers[0] == 0 ? 65536 : Int(numbers[0])
    var reader = SegmentReader(words: Array(data.numbers(of: UInt16.self)), limit: count)
    try reader.expand()
    guard reader.entries.count >= count else { throw .cannotRender(why: "a segmented palette that is too short") }
    let first = isSigned ? Int(Int16(bitPattern: numbers[1])) : Int(numbers[1])
    return LookupTable(entries: Array(reader.entries.prefix(count)), firstMapped: first, bits: Int(numbers[2]))
  }
}

private struct SegmentReader {
  let words: [UInt16]
  let limit: Int
  private(set) var entries: [UInt16] = []

  init(words: [UInt16], limit: Int) {
    self.words = words
    self.limit = limit
  }

  mutating func expand() throws(PixelError) {
    var position = 0
    while position + 1 < words.count, entries.count < limit {
      position = try expandSegment(at: position, mayRepeat: true)
    }
  }

  private mutating func expandSegment(at position: Int, mayRepeat: Bool) throws(PixelError) -> Int {
    guard position >= 0, position + 1 < words.count else { throw .cannotRender(why: "a palette's segment is cut off") }
    let length = Int(words[position + 1])
    switch words[position] {
    case 0:
      // One of no length would cost time each time it is repeated, and give nothing.
      guard length > 0, position + 2 + length <= words.count else {
        throw .cannotRender(why: "a palette's segment of \(length) entries")
      }
      entries += words[position + 2..<position + 2 + length]
      return position + 2 + length
    case 1:
      guard position + 3 <= words.count, let last = entries.last, length > 0 else {
        throw .cannotRender(why: "a palette's linear segment")
      }
      let end = Double(words[position + 2])
      let step = (end - Double(last)) / Double(length)
      entries += (1...length).map { UInt16(min(max((Double(last) + step * Double($0)).rounded(), 0), 65535)) }
      return position + 3
    case 2 where mayRepeat:
      guard position + 4 <= words.count else { throw .cannotRender(why: "a palette's segment is cut off") }
      // Bytes in the low word first, from the beginning of the data.
      var place = (Int(words[position + 2]) | Int(words[position + 3]) << 16) / 2
      for _ in 0..<length where entries.count < limit { place = try expandSegment(at: place, mayRepeat: false) }
      return position + 4
    default: throw .cannotRender(why: "a palette's segment of type \(words[position])")
    }
  }
}

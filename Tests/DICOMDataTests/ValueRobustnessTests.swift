// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DICOMData

/// A generator whose numbers are the same in every run.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// No text is fatal, and what is read gives its text back without the padding.
@Suite struct ValueRobustnessTests {
  private static let alphabets: [[UInt8]] = [
    Array(UInt8.min...UInt8.max), Array("0123456789".utf8), Array("0123456789.:+-eE ^=DWMY\0".utf8),
    Array("012-".utf8), Array("^= a".utf8) + [0xCC, 0x81, 0xCC, 0xB8], Array("19.-+e".utf8),
  ]

  @Test(arguments: 0..<alphabets.count)
  func noTextIsFatal(alphabet index: Int) {
    var random = SplitMix64(state: UInt64(index))
    let alphabet = Self.alphabets[index]
    for _ in 0..<1500 {
      let count = Int.random(in: 0...30, using: &random)
      check((0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 })
    }
    check((0..<5000).map { _ in alphabet.randomElement(using: &random) ?? 0 })
  }

  /// Each value of these with each of its bytes set to each of some, and with each missing.
  @Test(arguments: [
    "19930822", "1993.08.22", "070907.0705", "10:30:15.5", "19930822100000.000000-0500", "20200101-0500-20200102-0500",
    "018M", "-2147483648", "+12.50e-03", "Yamada^Tarou=山田^太郎=やまだ^たろう",
  ])
  func noChangedByteIsFatal(value: String) {
    let bytes = Array(value.utf8)
    for index in bytes.indices {
      check(Array(bytes[..<index]) + bytes[(index + 1)...])
      for byte in Array("09.-+ e^=\0".utf8) + [0x80, 0xCC, 0xFF] {
        var changed = bytes
        changed[index] = byte
        check(changed)
      }
    }
  }

  private func check(_ bytes: [UInt8]) {
    let value = String(decoding: bytes, as: UTF8.self)
    let texts = [
      DICOMDate(value)?.text, DICOMTime(value)?.text, DICOMDateTime(value)?.text, DateRange(value)?.text,
      TimeRange(value)?.text, DateTimeRange(value)?.text, AgeString(value)?.text, IntegerString(value)?.text,
      DecimalString(value)?.text, PersonName(value).text,
    ]
    for case let text? in texts {
      #expect(text.utf8.elementsEqual(Self.trimmed(Array(value.utf8))))
    }
    let name = PersonName(value)
    #expect(name.groups.map(\.components.count).allSatisfy { (0...5).contains($0) } && name.groups.count <= 3)
    _ = DICOMDateTime(value)?.instants(defaultOffset: .utc)
    _ = DateTimeRange(value)?.span()
    _ = DecimalString(value)?.double
    _ = UTCOffset(value)?.description
    _ = UniqueIdentifier.fault(of: value)
  }

  private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    let front = Array(bytes.reversed().drop { $0 == 0 || $0 == 0x20 }.reversed())
    return Array(front.drop { $0 == 0x20 })
  }
}

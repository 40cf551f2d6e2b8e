// SPDX-License-Identifier: Apache-2.0

/// Reads the components of a date or time, each a fixed number of ASCII digits, from the front of a value.
struct DigitReader {
  /// What is there is no component.
  struct Malformed: Error {}

  private(set) var rest: Substring

  init(_ text: Substring) {
    rest = text
  }

  var isAtEnd: Bool { rest.utf8.isEmpty }
  var isAtDigit: Bool { rest.utf8.first.map(Self.isDigit) ?? false }

  /// Whether it was there.
  mutating func skip(_ byte: UInt8) -> Bool {
    guard rest.utf8.first == byte else { return false }
    rest = Substring(rest.utf8.dropFirst())
    return true
  }

  mutating func number(digits count: Int, in range: ClosedRange<Int>) throws(Malformed) -> Int {
    let digits = rest.utf8.prefix(count)
    guard digits.count == count, let number = Self.number(digits), range.contains(number) else { throw Malformed() }
    rest = Substring(rest.utf8.dropFirst(count))
    return number
  }

  /// Two digits behind the separator, or behind nothing where there is none; nil where nothing of the kind begins.
  mutating func component(behind separator: UInt8?, in range: ClosedRange<Int>) throws(Malformed) -> Int? {
    if let separator {
      guard skip(separator) else { return nil }
    } else {
      guard isAtDigit else { return nil }
    }
    return try number(digits: 2, in: range)
  }

  /// All the digits that are here.
  mutating func run() -> Substring {
    let digits = rest.utf8.prefix(while: Self.isDigit)
    rest = Substring(rest.utf8.dropFirst(digits.count))
    return Substring(digits)
  }

  static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// nil for what is not all digits, or more of them than an `Int` is sure to hold.
  static func number(_ digits: some Collection<UInt8>) -> Int? {
    guard (1...18).contains(digits.count), digits.allSatisfy(isDigit) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A decimal number without rounding: `1.50`, `1.5` and `+15e-1` are one number.
package struct ExactDecimal: Sendable, Hashable {
  /// Never so for zero.
  package let isNegative: Bool
  /// The significant digits, 0...9 each, from the first that is not zero to the last; none for zero.
  package let digits: [UInt8]
  /// The power of ten that the first digit counts: the number is d.ddd… × 10^exponent. 0 for zero.
  package let exponent: Int

  /// `[+-]digits[.digits][(E|e)[+-]digits]`, with digits on at least one side of the point. nil for anything else, and
  /// for an exponent that no value of 16 bytes (PS3.5 §6.2) could have.
  package init?(_ text: some StringProtocol) {
    var reader = DigitReader(Substring(text))
    let isNegative = reader.skipSign()
    let whole = reader.run().utf8
    let fraction = reader.skip(UInt8(ascii: ".")) ? reader.run().utf8 : Substring().utf8
    guard !(whole.isEmpty && fraction.isEmpty), let written = reader.exponent(), reader.isAtEnd else { return nil }

    let significant = (Array(whole) + fraction).map { $0 - UInt8(ascii: "0") }
    guard let first = significant.firstIndex(where: { $0 != 0 }),
      let last = significant.lastIndex(where: { $0 != 0 })
    else {
      self.init(isNegative: false, digits: [], exponent: 0)
      return
    }
    // Both are far from the ends of an Int: the reader bounds the one, memory the other.
    self.init(
      isNegative: isNegative, digits: Array(significant[first...last]), exponent: written + whole.count - 1 - first)
  }

  private init(isNegative: Bool, digits: [UInt8], exponent: Int) {
    self.isNegative = isNegative
    self.digits = digits
    self.exponent = exponent
  }

  package var isZero: Bool { digits.isEmpty }

  /// The nearest number of 64 bits; infinite where there is none as large.
  package var double: Double {
    Double(description) ?? (isNegative ? -.infinity : .infinity)
  }
}

extension ExactDecimal: Comparable {
  package static func < (left: ExactDecimal, right: ExactDecimal) -> Bool {
    if left.isNegative != right.isNegative { return left.isNegative }
    return left.isNegative ? isSmaller(right, left) : isSmaller(left, right)
  }

  /// By size, without the sign.
  private static func isSmaller(_ left: ExactDecimal, _ right: ExactDecimal) -> Bool {
    if left.isZero || right.isZero { return left.isZero && !right.isZero }
    if left.exponent != right.exponent { return left.exponent < right.exponent }
    return left.digits.lexicographicallyPrecedes(right.digits)
  }
}

extension ExactDecimal: CustomStringConvertible {
  /// One way to write each number: "-1.5e3", "2e0", "0e0".
  package var description: String {
    let characters = String(decoding: digits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self)
    let fraction = characters.dropFirst()
    return (isNegative ? "-" : "") + (isZero ? "0" : String(characters.prefix(1)))
      + (fraction.isEmpty ? "" : "." + fraction) + "e\(exponent)"
  }
}

extension DigitReader {
  /// Whether there was a minus.
  fileprivate mutating func skipSign() -> Bool {
    let isNegative = skip(UInt8(ascii: "-"))
    if !isNegative { _ = skip(UInt8(ascii: "+")) }
    return isNegative
  }

  /// 0 where there is none; nil where it is broken, or has more than 14 digits behind its zeros.
  fileprivate mutating func exponent() -> Int? {
    guard skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) else { return 0 }
    let isNegative = skipSign()
    let digits = run().utf8
    let significant = digits.drop { $0 == UInt8(ascii: "0") }
    guard !digits.isEmpty, significant.count <= 14 else { return nil }
    let size = significant.isEmpty ? 0 : DigitReader.number(significant)
    return size.map { isNegative ? -$0 : $0 }
  }
}

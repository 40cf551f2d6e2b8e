// SPDX-License-Identifier: Apache-2.0

/// A DS (PS3.5 §6.2): a decimal number, kept as written and compared exactly.
package struct DecimalString: Sendable, Hashable, CustomStringConvertible {
  package let text: String
  package let value: ExactDecimal

  /// nil for what is no decimal number.
  package init?(_ text: some StringProtocol) {
    let bare = Substring(text).withoutPadding
    guard let value = ExactDecimal(bare.utf8) else { return nil }
    self.text = String(bare)
    self.value = value
  }

  package var double: Double? { Double(text) }
  package var description: String { text }
}

/// A decimal number by its digits: 1.50, 1.5 and +15e-1 are one.
package struct ExactDecimal: Sendable, Hashable, Comparable {
  private let isNegative: Bool
  /// Without zeros at either end; empty for zero.
  private let digits: [UInt8]
  /// The place of the first digit: 0.d₁d₂… × 10^exponent.
  private let exponent: Int

  init?(_ text: Substring.UTF8View) {
    var rest = text
    let sign = rest.first
    if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
    let mantissa = rest.prefix { $0 != UInt8(ascii: "e") && $0 != UInt8(ascii: "E") }
    let parts = mantissa.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let all = parts.flatMap { Array($0) }
    guard parts.count <= 2, !all.isEmpty, all.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    guard let power = Self.power(rest.dropFirst(mantissa.count)) else { return nil }
    let leadingZeros = all.prefix { $0 == 0x30 }.count
    let significant = all.dropFirst(leadingZeros)
    digits = Array(significant.reversed().drop { $0 == 0x30 }.reversed())
    isNegative = sign == UInt8(ascii: "-") && !digits.isEmpty
    exponent = digits.isEmpty ? 0 : (parts.first?.count ?? 0) - leadingZeros + power
  }

  /// "" or "E±n"; nil for anything else, and for powers beyond any use.
  private static func power(_ suffix: Substring.UTF8View) -> Int? {
    guard !suffix.isEmpty else { return 0 }
    var digits = suffix.dropFirst()
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
    guard let value = digits.digits, value < 1 << 32 else { return nil }
    return isNegative ? -value : value
  }

  package static func < (left: ExactDecimal, right: ExactDecimal) -> Bool {
    guard left.isNegative == right.isNegative else { return left.isNegative }
    return left.isNegative ? right.isSmaller(than: left) : left.isSmaller(than: right)
  }

  /// By size alone.
  private func isSmaller(than other: ExactDecimal) -> Bool {
    guard !digits.isEmpty, !other.digits.isEmpty else { return digits.isEmpty && !other.digits.isEmpty }
    guard exponent == other.exponent else { return exponent < other.exponent }
    return digits.lexicographicallyPrecedes(other.digits)
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A Decimal String (DS, PS3.5 §6.2): a fixed or floating point number. Equal as written; as numbers by `value`.
package struct DecimalString: Sendable, Hashable {
  /// As written, without padding.
  package let text: String
  /// The very number that is written, however many digits it has.
  package let value: ExactDecimal

  /// nil for what is no number. That it is longer than 16 bytes is no reason.
  package init?(_ value: some StringProtocol) {
    let text = value.withoutPadding
    guard let number = ExactDecimal(text) else { return nil }
    self.text = String(text)
    self.value = number
  }

  /// The nearest number of 64 bits; infinite where there is none as large.
  package var double: Double { value.double }
}

extension DecimalString: CustomStringConvertible {
  package var description: String { text }
}

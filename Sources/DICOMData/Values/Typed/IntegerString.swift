// SPDX-License-Identifier: Apache-2.0

/// An IS (PS3.5 §6.2): a number of 32 bits in decimal digits. `text` is the value as written.
package struct IntegerString: Sendable, Hashable, CustomStringConvertible {
  package let text: String
  package let value: Int

  /// nil for what is no such number.
  package init?(_ text: some StringProtocol) {
    let bare = Substring(text).withoutPadding
    let isSigned = bare.first == "+" || bare.first == "-"
    guard let magnitude = (isSigned ? bare.dropFirst() : bare).utf8.digits else { return nil }
    value = bare.first == "-" ? -magnitude : magnitude
    guard Int32(exactly: value) != nil else { return nil }
    self.text = String(bare)
  }

  package var description: String { text }
}

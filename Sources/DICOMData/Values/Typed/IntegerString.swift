// SPDX-License-Identifier: Apache-2.0

/// An Integer String (IS, PS3.5 §6.2): an optional sign and digits. Equal as written; as numbers by `value`.
package struct IntegerString: Sendable, Hashable {
  /// As written, without padding.
  package let text: String
  /// -2³¹...2³¹-1
  package let value: Int

  /// nil for what is no integer, or not in the range.
  package init?(_ value: some StringProtocol) {
    let text = value.withoutPadding
    guard let number = Int32(text) else { return nil }
    self.text = String(text)
    self.value = Int(number)
  }
}

extension IntegerString: CustomStringConvertible {
  package var description: String { text }
}

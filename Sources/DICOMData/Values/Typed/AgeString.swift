// SPDX-License-Identifier: Apache-2.0

/// An AS (PS3.5 §6.2): three digits and a unit. `text` is the value as written.
package struct AgeString: Sendable, Hashable, CustomStringConvertible {
  package enum Unit: Character, Sendable {
    case days = "D"
    case weeks = "W"
    case months = "M"
    case years = "Y"
  }

  package let text: String
  package let count: Int
  package let unit: Unit

  /// nil for what is not of this form.
  package init?(_ text: some StringProtocol) {
    let bare = Substring(text).withoutPadding
    guard bare.utf8.count == 4, let last = bare.last, let unit = Unit(rawValue: last),
      let count = bare.dropLast().utf8.digits
    else { return nil }
    self.text = String(bare)
    self.count = count
    self.unit = unit
  }

  package var description: String { text }
}

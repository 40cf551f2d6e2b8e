// SPDX-License-Identifier: Apache-2.0

/// An Age String (AS, PS3.5 §6.2): `nnnD`, `nnnW`, `nnnM` or `nnnY`. Equal as written.
package struct AgeString: Sendable, Hashable {
  package enum Unit: String, Sendable, Hashable {
    case days = "D"
    case weeks = "W"
    case months = "M"
    case years = "Y"
  }

  /// As written, without padding.
  package let text: String
  /// 0...999
  package let count: Int
  package let unit: Unit

  package init?(_ value: some StringProtocol) {
    let value = value.withoutPadding
    var reader = DigitReader(value)
    guard let count = try? reader.number(digits: 3, in: 0...999), let unit = Unit(rawValue: String(reader.rest)) else {
      return nil
    }
    text = String(value)
    self.count = count
    self.unit = unit
  }
}

extension AgeString: CustomStringConvertible {
  package var description: String { text }
}

// SPDX-License-Identifier: Apache-2.0

extension String {
  /// What a peer wrote, fit for one line of a log: nothing that moves a cursor or ends a line, and not too much.
  var printable: String {
    var text = ""
    for scalar in unicodeScalars.prefix(64) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
        text += "\\u{\(String(scalar.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return unicodeScalars.count > 64 ? text + "…" : text
  }
}

enum AddressKind {
  static func isThisMachine(_ address: String) -> Bool {
    address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
  }
}

// SPDX-License-Identifier: Apache-2.0

extension String {
  /// What a peer wrote, fit for one line of a log: nothing that moves a cursor or ends a line, and not too much.
  var printable: String {
    // Nearly all that comes is of this kind.
    if utf8.count <= 64, utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
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

  /// The same as a part of a sentence: nothing in it ends the quotes.
  var quoted: String { "'" + printable.replacing("'", with: "\\u{27}") + "'" }

  /// What a peer wrote for a UID: one that is none is shown as such.
  var printableUID: String {
    utf8.allSatisfy { $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } && !isEmpty
      ? printable : "the UID \(quoted), which is none"
  }
}

enum AddressKind {
  static func isThisMachine(_ address: String) -> Bool {
    address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
  }
}

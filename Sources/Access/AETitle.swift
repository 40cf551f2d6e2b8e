// SPDX-License-Identifier: Apache-2.0

/// An AE title (VR AE, PS3.5 §6.2): 1 to 16 characters of the default repertoire, spaces around it not significant.
package struct AETitle: Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init?(_ text: some StringProtocol) {
    var title = text.drop { $0 == " " }
    while title.last == " " { title.removeLast() }
    guard (1...16).contains(title.utf8.count), title.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != 0x5C })
    else {
      return nil
    }
    description = String(title)
  }

  /// What devices say that know no better: it may be blank, and what is beyond ASCII is U+FFFD, as in a title that was received.
  package init?(tolerating text: some StringProtocol) {
    let scalars = text.unicodeScalars.map { $0.isASCII ? $0 : "\u{FFFD}" }
    guard scalars.count <= 16, scalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else { return nil }
    let title = String(String.UnicodeScalarView(scalars)).drop { $0 == " " }
    description = String(title.reversed().drop { $0 == " " }.reversed())
  }
}

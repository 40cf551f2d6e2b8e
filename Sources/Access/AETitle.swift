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
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Node

/// What peers write, in sentences of this node.
@Suite struct PeerTextTests {
  @Test(
    arguments: [
      ("MOD", "'MOD'"), ("A' from='10.0.0.9", "'A\\u{27} from=\\u{27}10.0.0.9'"), ("A\r\nB", "'A\\u{d}\\u{a}B'"),
      ("", "''"),
    ] as [(String, String)])
  func nothingEndsTheQuotes(text: String, shown: String) {
    #expect(text.quoted == shown)
  }

  @Test(
    arguments: [
      ("1.2.840.10008.1.1", "1.2.840.10008.1.1"), ("", "the UID '', which is none"),
      ("1.2 peer=ADMIN", "the UID '1.2 peer=ADMIN', which is none"), ("1.2.٣", "the UID '1.2.٣', which is none"),
    ] as [(String, String)])
  func aUIDThatIsNoneIsShownAsSuch(text: String, shown: String) {
    #expect(text.printableUID == shown)
  }
}

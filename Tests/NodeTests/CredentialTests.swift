// SPDX-License-Identifier: Apache-2.0

import Access
import NIOCore
import Testing
import UpperLayer

@testable import Node

@Suite struct CredentialTests {
  private func credential(_ type: UInt8, _ primary: [UInt8], _ secondary: [UInt8] = []) -> Credential {
    Credential(
      UserIdentity(
        type: type, positiveResponseRequested: true, primaryField: ByteBuffer(bytes: primary),
        secondaryField: ByteBuffer(bytes: secondary)))
  }

  /// PS3.7 Table D.3-14: each type is what it is, and no other type is anything.
  @Test(arguments: UInt8.min...UInt8.max)
  func eachTypeIsTold(type: UInt8) {
    let shown = credential(type, Array("müller".utf8), Array("planted".utf8))
    switch (type, shown) {
    case (1, .username("müller")): break
    case (2, .usernameAndPasscode("müller", let passcode)): #expect(passcode.bytes == Array("planted".utf8))
    case (3, .kerberos(let secret)), (4, .saml(let secret)), (5, .jwt(let secret)):
      #expect(secret.bytes == Array("müller".utf8))
    case (0, .unintelligible(let what)), (6..., .unintelligible(let what)): #expect(what.contains("type \(type)"))
    default: Issue.record("type \(type) is taken for \(shown)")
    }
    #expect(!"\(shown)".contains("planted"))
    // What this node shows to another is read as the same.
    if (1...5).contains(type) { #expect(UserIdentity(showing: shown)?.type == type) }
  }

  @Test func aNameMayBePadded() {
    for padding in [[], [0], [0, 0]] as [[UInt8]] {
      guard case .usernameAndPasscode("weber", _) = credential(2, Array("weber".utf8) + padding) else {
        Issue.record("\(padding.count) NULs behind a name are taken for a part of it")
        return
      }
    }
    guard case .username("weber\0b") = credential(1, Array("weber\0b\0".utf8)) else {
      Issue.record("what stands between is not the name that was sent")
      return
    }
  }

  @Test func aNameThatIsNoTextIsNobody() {
    for type in [1, 2] as [UInt8] {
      guard case .unintelligible = credential(type, [0x77, 0xFF, 0xFE]) else {
        Issue.record("bytes that are no UTF-8 were taken for a name")
        return
      }
    }
  }
}

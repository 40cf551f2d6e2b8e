// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import UpperLayer

/// Attack lines A07 to A11: what variable items can be made of. Liberal where no meaning is lost, and otherwise an A-ABORT.
@Suite struct ItemTests {
  private static let application = item(0x10, uid("1.2.840.10008.3.1.1.1"))
  private static let first = context(1, item(0x30, uid("1.2.840.10008.1.1")) + item(0x40, uid("1.2.840.10008.1.2")))
  private static let second = context(3, item(0x30, uid("1.2.3")) + item(0x40, uid("1.2.840.10008.1.2.1")))
  private static let user = item(0x50, item(0x51, [0, 0, 0x40, 0]) + item(0x52, uid("2.25.7")))
  private static let plain = [application, first, second, user]

  @Test func anyOrderIsTheSame() throws {
    let plain = try read(Self.plain)
    #expect(plain.presentationContexts.map(\.id) == [1, 3])
    #expect(plain.userInformation.maximumLength == 0x4000)
    for order in permutations([0, 1, 2, 3]) {
      var request = try read(order.map { Self.plain[$0] })
      request.presentationContexts.sort { $0.id < $1.id }
      #expect(request == plain, "\(order)")
    }
  }

  /// PS3.8 §9.3.1: unknown items are ignored, wherever they stand.
  @Test func unknownItemsAreSkippedEverywhere() throws {
    let plain = try read(Self.plain)
    let known: Set<UInt8> = [0x10, 0x20, 0x50]
    for type in UInt8.min...UInt8.max where !known.contains(type) {
      let stranger = Self.item(type, [1, 2, 3])
      #expect(try read([stranger] + Self.plain + [stranger]) == plain, "\(type)")
    }
    for type in UInt8.min...UInt8.max where type != 0x30 && type != 0x40 {
      let strange = Self.context(1, Self.item(type, [1, 2, 3]) + Array(Self.first.dropFirst(8)))
      #expect(try read([Self.application, strange, Self.second, Self.user]) == plain, "\(type)")
    }
    for type in UInt8.min...UInt8.max where !(0x51...0x59).contains(type) {
      let strange = Self.item(0x50, Self.item(type, [9]) + Array(Self.user.dropFirst(4)))
      #expect(try read([Self.application, Self.first, Self.second, strange]) == plain, "\(type)")
    }
  }

  /// What is there twice counts once: the last.
  @Test func ofDuplicatesTheLastCounts() throws {
    let other = Self.item(0x10, Self.uid("1.2"))
    let twice = Self.item(
      0x50, Self.item(0x51, [0, 0, 1, 0]) + Self.item(0x51, [0, 0, 0x40, 0]) + Self.item(0x52, Self.uid("2.25.7")))
    #expect(
      try read([other, Self.item(0x50, []), Self.application, Self.first, Self.second, twice]) == read(Self.plain))
  }

  @Test func uidsMayBePadded() throws {
    let padded = Self.context(
      1, Self.item(0x30, Self.uid("1.2.840.10008.1.1\0")) + Self.item(0x40, Self.uid(" 1.2.840.10008.1.2 \0\0")))
    #expect(try read([Self.application, padded, Self.second, Self.user]) == read(Self.plain))
  }

  @Test(
    arguments: [
      ("an even ID", [context(2, [])]),
      ("ID 0", [context(0, [])]),
      ("an ID twice", [context(1, []), context(1, [])]),
      ("129 contexts", (0...128).map { context(UInt8(truncatingIfNeeded: 2 * $0 + 1), []) }),
      ("an item that is longer than the PDU", [[0x7E, 0, 0, 2, 1]]),
      ("an item of which only the head's half is there", [[0x7E, 0]]),
      ("a context that is longer than the PDU", [[0x20, 0, 0xFF, 0xFF, 1, 0, 0, 0]]),
      ("a context of three bytes", [item(0x20, [1, 0, 0])]),
      ("a syntax that is longer than its context", [context(1, [0x30, 0, 0, 9, 0x31])]),
      ("a syntax whose head is cut", [context(1, [0x30, 0, 0])]),
      ("a sub-item that is longer than the user information", [item(0x50, [0x51, 0, 0, 5, 0, 0, 0, 1])]),
      ("a maximum length of three bytes", [item(0x50, item(0x51, [0, 0, 1]))]),
      ("an operations window of two bytes", [item(0x50, item(0x53, [0, 1]))]),
      ("a role selection whose UID is longer", [item(0x50, item(0x54, [0, 9, 0x31, 1, 1]))]),
      ("a role selection without roles", [item(0x50, item(0x54, [0, 1, 0x31]))]),
      ("an extended negotiation whose UID is longer", [item(0x50, item(0x56, [0xFF, 0xFF, 0x31]))]),
      ("a common one whose list is longer", [item(0x50, item(0x57, [0, 1, 0x31, 0, 1, 0x32, 0, 9, 0, 1]))]),
      ("a common one whose list's UID is longer", [item(0x50, item(0x57, [0, 1, 0x31, 0, 1, 0x32, 0, 3, 0, 9, 1]))]),
      ("an empty user identity", [item(0x50, item(0x58, []))]),
      ("a user identity whose field is longer", [item(0x50, item(0x58, [1, 0, 0xFF, 0xFF, 0x61]))]),
      ("a user identity whose second field is longer", [item(0x50, item(0x58, [2, 1, 0, 1, 0x61, 0, 2, 0x62]))]),
      ("a response that is longer", [item(0x50, item(0x59, [0, 2, 0x61]))]),
    ] as [(String, [[UInt8]])])
  func whatLiesIsAborted(what: String, items: [[UInt8]]) throws {
    let side = try Side(.acceptor)
    try side.receive(Self.request([Self.application] + items))
    #expect(try side.sent() == ByteBuffer(bytes: [7, 0, 0, 0, 0, 4, 0, 0, 2, 6]), "\(what)")
    #expect(try side.ends().count == 1, "\(what)")
  }

  /// Each length of a request that has everything, set to lies: an answer or an A-ABORT, and never two.
  @Test func everyByteOfARequestMayLie() throws {
    let whole = Samples.bytes(of: .associateRQ(Samples.request))
    for index in 6..<whole.readableBytes {
      for lie: UInt8 in [0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF] {
        var bytes = whole
        bytes.setInteger(lie, at: index)
        let side = try Side(.acceptor)
        try side.receive(bytes)
        #expect(try side.indications().count == 1, "\(lie) at \(index)")
        let sent = try side.sent()
        #expect([0, 10].contains(sent.readableBytes), "\(lie) at \(index)")
      }
    }
  }

  @Test func all128ContextsAreRead() throws {
    let request = try read(
      [Self.application] + (0..<128).map { Self.context(UInt8(2 * $0 + 1), Array(Self.first.dropFirst(8))) })
    #expect(request.presentationContexts.count == 128)
  }

  @Test func aContextWithoutTransferSyntaxesIsRead() throws {
    let request = try read([Self.application, Self.context(1, []), Self.user])
    #expect(
      request.presentationContexts == [ProposedPresentationContext(id: 1, abstractSyntax: "", transferSyntaxes: [])])
  }

  /// What is longer than a UID can be is none, and is not kept in full.
  @Test func endlessUIDsAreCut() throws {
    let endless = [UInt8](repeating: 0x31, count: 65_519)
    let request = try read([
      Self.item(0x10, [UInt8](repeating: 0x31, count: 65_535)), Self.context(1, Self.item(0x30, endless)),
      Self.context(3, Self.item(0x40, endless)), Self.item(0x50, Self.item(0x52, endless)),
    ])
    let texts = [
      request.applicationContextName, request.presentationContexts[0].abstractSyntax,
      request.presentationContexts[1].transferSyntaxes[0], request.userInformation.implementationClassUID,
    ]
    for text in texts { #expect(text.utf8.count == 65) }
  }

  /// 16,000 empty transfer syntaxes fit a context: what is kept of them is not many times what was sent.
  @Test func endlessTransferSyntaxesAreCut() throws {
    let syntaxes = [[UInt8]](repeating: Self.item(0x40, []), count: 16_000).flatMap(\.self)
    let request = try read([Self.application, Self.context(1, Self.item(0x30, Self.uid("1.2")) + syntaxes)])
    #expect(request.presentationContexts.map(\.transferSyntaxes.count) == [128])
    #expect(request.presentationContexts.map(\.abstractSyntax) == ["1.2"])
  }

  /// A09: a title is what it is, and says nothing of who may come.
  @Test(
    arguments: [
      ("                ", ""), ("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", ""), ("  A B           ", "A B"),
      ("../../../../etc/", "../../../../etc/"), ("%n%s%x%n%s%x%n%s", "%n%s%x%n%s%x%n%s"),
      ("A\\B\\C           ", "A\\B\\C"), ("A\r\nB            ", "A\r\nB"), ("ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP"),
      ("A\0HIDDEN        ", "A"),
    ])
  func titlesAreRead(field: String, title: String) throws {
    var bytes = Self.request(Self.plain)
    bytes.setBytes(Array(field.utf8.prefix(16)), at: 10)
    bytes.setBytes(Array(field.utf8.prefix(16)), at: 26)
    let side = try Side(.acceptor)
    try side.receive(bytes)
    guard case .associate(let request) = try side.indications().first else {
      Issue.record("no request")
      return
    }
    #expect(request.calledAETitle == title)
    #expect(request.callingAETitle == title)
  }

  /// A11: every type of user identity is read, so that whoever is above can say no with the reason; what is in it is not told.
  @Test func everyUserIdentityIsReadAndKeptSecret() throws {
    for type in UInt8.min...UInt8.max {
      let secret = Self.uid("invented")
      let field: [UInt8] = [0, 8] + secret
      for identity in [[type, 1] + field + field, [type, 1] + field + [0, 0], [type, 1] + field] {
        let request = try read([Self.application, Self.item(0x50, Self.item(0x58, identity))])
        #expect(request.userInformation.userIdentity?.type == type)
        #expect(request.userInformation.userIdentity?.primaryField == ByteBuffer(bytes: secret))
        #expect(!"\(request) \(String(reflecting: request))".contains("invented"))
      }
    }
    let long = [UInt8](repeating: 0x61, count: 65_521)
    let request = try read([Self.item(0x50, Self.item(0x58, [5, 0, 0xFF, 0xF1] + long + [0, 0]))])
    #expect(request.userInformation.userIdentity?.primaryField.readableBytes == 65_521)
  }

  private func read(_ items: [[UInt8]]) throws -> AssociateRQ {
    let side = try Side(.acceptor)
    try side.receive(Self.request(items))
    let indications = try side.indications()
    guard indications.count == 1, case .associate(let request) = indications[0] else {
      throw Unread(indications: indications)
    }
    return request
  }

  private struct Unread: Error {
    let indications: [UpperLayerIndication]
  }

  private static func request(_ items: [[UInt8]]) -> ByteBuffer {
    let fixed: [UInt8] =
      [0, 1, 0, 0] + Array("COLLIMATOR      MODALITY        ".utf8) + [UInt8](repeating: 0, count: 32)
    var bytes = ByteBuffer(bytes: [1, 0])
    bytes.writeInteger(UInt32(fixed.count + items.map(\.count).reduce(0, +)))
    bytes.writeBytes(fixed + items.flatMap(\.self))
    return bytes
  }

  private static func item(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
    [type, 0, UInt8(value.count >> 8), UInt8(value.count & 0xFF)] + value
  }

  private static func context(_ id: UInt8, _ syntaxes: [UInt8]) -> [UInt8] {
    item(0x20, [id, 0, 0, 0] + syntaxes)
  }

  private static func uid(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func permutations(_ rest: [Int]) -> [[Int]] {
    guard rest.count > 1 else { return [rest] }
    return rest.flatMap { first in permutations(rest.filter { $0 != first }).map { [first] + $0 } }
  }
}

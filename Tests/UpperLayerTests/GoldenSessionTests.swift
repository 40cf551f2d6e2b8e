// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import UpperLayer

/// What DCMTK and pynetdicom say is understood, and no cut through it harms (attack line A06).
@Suite struct GoldenSessionTests {
  private static let roles: [UpperLayerStateMachine.Role] = [.requestor, .acceptor]

  @Test func thereAreSessions() {
    #expect(Session.all.count == 5)
    #expect(Session.all.allSatisfy { $0.turns.count >= 2 })
  }

  /// This side takes the place of one of the two, and hears what that one heard.
  @Test(arguments: Session.all, roles)
  func theWholeSessionIsUnderstood(session: Session, role: UpperLayerStateMachine.Role) throws {
    let side = try Side(role)
    let heard = Heard.all(try replay(session, on: side, count: .max))
    let kinds = heard.map { if case .data = $0 { "data" } else { "\($0)" } }
    let expected: [String: [[String]]] = [
      "echo": [["accepted", "data", "releaseConfirmed"], ["associate", "data", "release"]],
      "store": [["accepted", "data", "releaseConfirmed"], ["associate", "data", "release"]],
      "every-negotiation": [["accepted", "data"], ["associate", "data", "ended"]],
      "rejection": [["rejected"], ["associate"]],
      "abort": [["accepted", "data"], ["associate", "data", "ended"]],
    ]
    #expect(kinds == expected[session.name]?[role == .requestor ? 0 : 1])
  }

  @Test(arguments: Session.all)
  func theRequestIsReadInFull(session: Session) throws {
    let side = try Side(.acceptor)
    guard case .associate(let request) = try replay(session, on: side, count: .max).first else {
      Issue.record("no request")
      return
    }
    #expect(request.applicationContextName == ApplicationContext.dicom)
    #expect(request.protocolVersion == 1)
    #expect(request.userInformation.maximumLength >= 16_382)
    let contexts = ["echo": 1, "store": 2, "every-negotiation": 2, "rejection": 1, "abort": 12]
    #expect(request.presentationContexts.count == contexts[session.name])
    #expect(request.presentationContexts.allSatisfy { !$0.abstractSyntax.isEmpty && !$0.transferSyntaxes.isEmpty })
    let written = Samples.bytes(of: .associateRQ(request))
    let again = try Side(.acceptor)
    try again.receive(written)
    #expect(try again.indications() == [.associate(request)])
  }

  @Test func everyNegotiationIsThere() throws {
    let session = try #require(Session.all.first { $0.name == "every-negotiation" })
    guard case .associate(let request) = try replay(session, on: try Side(.acceptor), count: .max).first,
      case .accepted(let acceptance) = try replay(session, on: try Side(.requestor), count: .max).first
    else {
      Issue.record("no request, or no acceptance")
      return
    }
    let ct = "1.2.840.10008.5.1.4.1.1.2"
    let (asked, answered) = (request.userInformation, acceptance.userInformation)
    #expect(asked.asynchronousOperationsWindow == AsynchronousOperationsWindow(invoked: 4, performed: 2))
    #expect(asked.roleSelections == [RoleSelection(sopClassUID: ct, supportsSCU: true, supportsSCP: true)])
    #expect(asked.extendedNegotiations.map(\.information) == [ByteBuffer(bytes: [1, 0, 1])])
    #expect(
      asked.commonExtendedNegotiations == [
        CommonExtendedNegotiation(
          sopClassUID: ct, serviceClassUID: "1.2.840.10008.4.2",
          relatedGeneralSOPClassUIDs: ["1.2.840.10008.5.1.4.1.1.88.22"])
      ])
    #expect(asked.userIdentity?.type == 5)
    #expect(asked.userIdentity?.positiveResponseRequested == true)
    #expect(asked.userIdentity?.primaryField == ByteBuffer(string: "invented"))
    #expect(answered.roleSelections.count == 1)
    #expect(answered.asynchronousOperationsWindow == AsynchronousOperationsWindow(invoked: 1, performed: 1))
    #expect(answered.extendedNegotiations.count == 1)
    #expect(answered.userIdentityResponse == ByteBuffer(string: "welcome"))
    #expect(!"\(request) \(String(reflecting: request))".contains("invented"))
  }

  /// The peer goes after each of its bytes: an association that was there ends, once, and before one nothing is told.
  @Test(arguments: Session.all, roles)
  func thePeerMayGoAtEveryByte(session: Session, role: UpperLayerStateMachine.Role) throws {
    let peer: UpperLayerStateMachine.Role = role == .acceptor ? .requestor : .acceptor
    let whole = Heard.all(try replay(session, on: try Side(role), count: .max))
    for count in 0..<session.count(from: peer) {
      let side = try Side(role)
      let heard = Heard.all(try replay(session, on: side, count: count))
      #expect(Heard.isBeginning(heard, of: whole), "after \(count) bytes")
      #expect(try side.sent().readableBytes == 0, "after \(count) bytes")
      side.channel.close(promise: nil)
      let wasThere = role == .requestor || !heard.isEmpty
      #expect(try side.ends() == (wasThere ? [.connectionClosed] : []), "after \(count) bytes")
    }
  }

  /// The peer falls silent after each of its bytes: it is hung up on, and that is told once.
  @Test(arguments: Session.all, roles)
  func thePeerMayFallSilentAtEveryByte(session: Session, role: UpperLayerStateMachine.Role) throws {
    let peer: UpperLayerStateMachine.Role = role == .acceptor ? .requestor : .acceptor
    for count in 0..<session.count(from: peer) {
      let side = try Side(role)
      _ = try replay(session, on: side, count: count)
      side.advance(by: .minutes(11))
      #expect(!side.channel.isActive, "after \(count) bytes")
      #expect(try side.ends().count == 1, "after \(count) bytes")
    }
  }

  /// Gives `side` the first `count` bytes of its peer, and asks it for what the one in its place said between them. What it
  /// sends is taken from it.
  private func replay(_ session: Session, on side: Side, count: Int) throws -> [UpperLayerIndication] {
    var rest = count
    var indications: [UpperLayerIndication] = []
    for turn in session.turns {
      if turn.role == side.role {
        turn.pduTypes.compactMap(request).forEach(side.ask)
        _ = try side.sent()
        continue
      }
      try side.receive(turn.bytes.getSlice(at: 0, length: min(rest, turn.bytes.readableBytes)) ?? ByteBuffer())
      indications += try side.indications()
      guard rest >= turn.bytes.readableBytes else { break }
      rest -= turn.bytes.readableBytes
    }
    return indications
  }

  private func request(_ pduType: UInt8) -> UpperLayerRequest? {
    switch pduType {
    case 1: .associate(Samples.request)
    case 2: .accept(Samples.acceptance)
    case 3: .reject(.noReasonGiven)
    case 4: .data(PresentationDataValue(contextID: 1, isCommand: true, isLast: true, data: ByteBuffer(bytes: [1, 2])))
    case 5: .release
    case 6: .releaseResponse
    case 7: .abort(.byUser)
    default: nil
    }
  }
}

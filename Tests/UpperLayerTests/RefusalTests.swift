// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import UpperLayer

/// What a peer gets that breaks the protocol, and what the node is told of it: once, in words.
@Suite struct RefusalTests {
  private static let unexpected = Abort(source: .serviceProvider, reason: .unexpectedPDU)

  /// AA-7 answers an A-ASSOCIATE-RQ in Sta13; who sends them without end is answered once, or the answers pile up.
  @Test func aFloodAfterTheEndIsAnsweredOnce() throws {
    let side = try Side(.acceptor)
    try side.receive(Samples.bytes(of: .releaseRQ))
    #expect(try side.sent() == Samples.bytes(of: .abort(Self.unexpected)))
    let request = Samples.bytes(of: .associateRQ(Samples.request))
    for _ in 0..<1000 { try side.receive(request) }
    #expect(try side.sent() == Samples.bytes(of: .abort(Self.unexpected)))
    for _ in 0..<1000 { try side.receive([9, 0, 0, 0, 0, 0]) }
    #expect(try side.sent().readableBytes == 0)
    #expect(try side.ends().count == 1)
    side.advance(by: .seconds(31))
    #expect(!side.channel.isActive)
  }

  /// Sta13 goes over what is left of a session that was aborted here, and hangs up at the peer's own A-ABORT (AA-2).
  @Test func whatWasUnderWayWhenTheAssociationEndedIsPassedOver() throws {
    let side = try #require(try Side(.acceptor, in: .established))
    let data: [UInt8] = [4, 0, 0, 0, 0, 10, 0, 0, 0, 6, 1, 2, 1, 2, 3, 4]
    try side.receive(Array(data.prefix(13)))
    _ = try side.indications()
    side.ask(.abort(.byUser))
    _ = try side.sent()
    try side.receive(Array(data.suffix(3)))
    try side.receive(data)
    try side.receive(Samples.bytes(of: .associateAC(Samples.acceptance)))
    #expect(try side.indications().isEmpty)
    #expect(try side.sent().readableBytes == 0)
    #expect(side.channel.isActive)
    try side.receive(Samples.bytes(of: .abort(.byUser)))
    #expect(!side.channel.isActive)
  }

  @Test func anARTIMExpiryIsTold() throws {
    let side = try Side(.acceptor)
    try side.receive([1, 0, 0])
    side.advance(by: .seconds(31))
    #expect(!side.channel.isActive)
    let refusals = try side.ends().map(refusal)
    #expect(refusals.count == 1)
    #expect(refusals.first??.why == "timed out: no whole A-ASSOCIATE-RQ came before ARTIM expired")
  }

  /// Who it was is told as far as it got: the AE titles end at the 42nd byte.
  @Test(
    arguments: [(41, nil, nil), (42, "MODALITY", "COLLIMATOR"), (200, "MODALITY", "COLLIMATOR")]
      as [(Int, String?, String?)])
  func aRefusalSaysWhoItWas(count: Int, calling: String?, called: String?) throws {
    let side = try Side(.acceptor)
    let request = Samples.bytes(of: .associateRQ(Samples.request))
    for byte in request.readableBytesView.prefix(count) { try side.receive([byte]) }
    side.advance(by: .seconds(31))
    let refusals = try side.ends().map(refusal)
    #expect(refusals.count == 1)
    #expect(refusals.first??.callingAETitle == calling)
    #expect(refusals.first??.calledAETitle == called)
  }

  @Test func aRequestThatMakesNoSenseIsToldWithItsTitles() throws {
    let side = try Side(.acceptor)
    var request = Samples.request
    request.presentationContexts[0].id = 2
    try side.receive(Samples.bytes(of: .associateRQ(request)))
    #expect(try side.sent() == ByteBuffer(bytes: [7, 0, 0, 0, 0, 4, 0, 0, 2, 6]))
    let refusals = try side.ends().map(refusal)
    #expect(refusals.count == 1)
    #expect(refusals.first??.callingAETitle == "MODALITY")
    #expect(refusals.first??.why.contains("odd and different") == true)
  }

  /// Found by fuzzing: what follows a request that is too short is not its AE titles.
  @Test func whatFollowsAShortRequestIsNoTitle() throws {
    let side = try Side(.acceptor)
    try side.receive([1, 0, 0, 0, 0, 4, 0, 1, 0, 0] + [UInt8](repeating: 0x41, count: 100))
    let refusals = try side.ends().map(refusal)
    #expect(refusals.count == 1)
    #expect(refusals.first??.callingAETitle == nil)
    #expect(refusals.first??.why.contains("shorter than its fixed fields") == true)
  }

  /// AA-2 in Sta2: a peer that takes back its connection was not refused.
  @Test func aPeersAbortIsNoRefusal() throws {
    let side = try Side(.acceptor)
    try side.receive(Samples.bytes(of: .abort(.byUser)))
    #expect(!side.channel.isActive)
    #expect(try side.ends() == [.abortedByPeer(.byUser)])
  }

  @Test func aPeerThatGoesWithoutAWordIsNoRefusal() throws {
    let side = try Side(.acceptor)
    side.channel.close(promise: nil)
    #expect(try side.indications().isEmpty)
  }

  @Test func anotherProtocolVersionIsRejectedAndTold() throws {
    let side = try Side(.acceptor)
    var request = Samples.request
    request.protocolVersion = 0xFFFE
    try side.receive(Samples.bytes(of: .associateRQ(request)))
    #expect(try side.sent() == ByteBuffer(bytes: [3, 0, 0, 0, 0, 4, 0, 1, 2, 2]))
    side.advance(by: .seconds(31))
    #expect(!side.channel.isActive)
    let refusal = Refusal(
      why: AssociateRJ.protocolVersionNotSupported.description, callingAETitle: "MODALITY", calledAETitle: "COLLIMATOR")
    #expect(try side.ends() == [.refused(refusal)])
  }

  /// PS3.8 §9.3.2: bit 0 alone is tested.
  @Test func furtherProtocolVersionsAreNoConcern() throws {
    let side = try Side(.acceptor)
    var request = Samples.request
    request.protocolVersion = 0xFFFF
    try side.receive(Samples.bytes(of: .associateRQ(request)))
    #expect(try side.indications() == [.associate(request)])
  }

  /// The header is enough to refuse what the state does not allow, with the reason of PS3.8 Table 9-26.
  @Test(
    arguments: [
      (.transportOpenAwaitingAssociateRQ, [2, 0, 0, 0xF, 0, 0], .unexpectedPDU),
      (.transportOpenAwaitingAssociateRQ, [2, 0, 0xFF, 0xFF, 0xFF, 0xFF], .unexpectedPDU),
      (.transportOpenAwaitingAssociateRQ, [1, 0, 0, 0x10, 0, 1], .invalidPDUParameterValue),
      (.transportOpenAwaitingAssociateRQ, [0x47], .unrecognizedPDU),
      (.awaitingLocalAssociateResponse, [4, 0, 0, 0, 0xFF, 0xFF], .unexpectedPDU),
      (.established, [1, 0, 0, 0xF, 0, 0], .unexpectedPDU),
      (.established, [2, 0, 0, 0xF, 0, 0], .unexpectedPDU),
      (.established, [0], .unrecognizedPDU),
      (.established, [8], .unrecognizedPDU),
      (.established, [4, 0, 0, 0, 0, 6, 0, 0, 0, 1, 1, 3], .invalidPDUParameterValue),
      (.awaitingLocalReleaseResponse, [4, 0, 0, 0, 0, 6], .unexpectedPDU),
    ] as [(UpperLayerState, [UInt8], Abort.Reason)])
  func theHeaderIsEnough(state: UpperLayerState, bytes: [UInt8], reason: Abort.Reason) throws {
    let side = try #require(try Side(.acceptor, in: state))
    try side.receive(bytes)
    #expect(try side.sent() == ByteBuffer(bytes: [7, 0, 0, 0, 0, 4, 0, 0, 2, reason.rawValue]))
    let ends = try side.ends()
    #expect(ends.count == 1)
    switch (ends.first, state) {
    case (.refused, .transportOpenAwaitingAssociateRQ), (.protocolViolation, _): break
    default: Issue.record("\(ends)")
    }
    try side.receive(ByteBuffer(repeating: 0xAA, count: 100_000))
    side.advance(by: .seconds(31))
    #expect(!side.channel.isActive)
    #expect(try side.sent().readableBytes <= 10)
    #expect(try side.ends().isEmpty)
  }

  /// A04: up to the tolerance a PDU longer than announced is taken, and not a byte more.
  @Test func longerThanAnnouncedIsTakenUpToTheTolerance() throws {
    let limits = UpperLayerLimits(maximumLength: 1000, maximumLengthTolerance: 500)
    let side = try #require(try Side(.acceptor, in: .established, limits: limits))
    var pdu = ByteBuffer(bytes: [4, 0, 0, 0, 0x05, 0xDC, 0, 0, 0x05, 0xD8, 1, 2])
    pdu.writeRepeatingByte(0, count: 1494)
    try side.receive(pdu)
    #expect(try side.indications().count == 1)
    #expect(try side.sent().readableBytes == 0)
    try side.receive([4, 0, 0, 0, 0x05, 0xDD])
    #expect(try side.sent() == ByteBuffer(bytes: [7, 0, 0, 0, 0, 4, 0, 0, 2, 6]))
    #expect(try side.ends().count == 1)
  }

  /// An announced 0 is no limit (PS3.8 §D.1), and no sum of the two wraps around.
  @Test(arguments: [(0, 0), (UInt32.max, UInt32.max)])
  func noLimitIsNoLimit(announced: UInt32, tolerance: UInt32) throws {
    let limits = UpperLayerLimits(maximumLength: announced, maximumLengthTolerance: tolerance)
    let side = try #require(try Side(.acceptor, in: .established, limits: limits))
    try side.receive([4, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0x10, 0, 0, 1, 2, 9])
    #expect(try side.indications().count == 1)
    #expect(try side.sent().readableBytes == 0)
  }

  /// A06: PDUs of 0 to 5 bytes, in Sta6. What has a meaning without its bytes is understood.
  @Test(arguments: UInt8(1)...7, UInt8(0)...5)
  func shortPDUsAreNoHarm(type: UInt8, length: UInt8) throws {
    let side = try #require(try Side(.acceptor, in: .established))
    try side.receive([type, 0, 0, 0, 0, length] + [UInt8](repeating: 0, count: Int(length)))
    let heard = Heard.all(try side.indications())
    let sent = Array(try side.sent().readableBytesView)
    switch (type, length) {
    case (4, 0): #expect(heard.isEmpty && sent.isEmpty)
    case (4, _):
      #expect(heard == [.ended])
      #expect(sent == [7, 0, 0, 0, 0, 4, 0, 0, 2, 6])
    case (5, _): #expect(heard == [.release] && sent.isEmpty)
    case (7, _): #expect(heard == [.ended] && sent.isEmpty && !side.channel.isActive)
    default:
      #expect(heard == [.ended])
      #expect(sent == [7, 0, 0, 0, 0, 4, 0, 0, 2, 2])
    }
  }

  private func refusal(_ end: AssociationEnd) -> Refusal? {
    if case .refused(let refusal) = end { refusal } else { nil }
  }
}

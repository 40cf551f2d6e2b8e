// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import UpperLayer

/// What this node writes is exact, whatever the peer sent that it answers.
@Suite struct EncodingTests {
  /// PS3.8 §9.3.3: bytes 11 to 74 go back as they came, padding, NUL and what is not ASCII.
  @Test func theReservedFieldsOfTheAcceptanceAreTheRequests() throws {
    var bytes = Samples.bytes(of: .associateRQ(Samples.request))
    let called: [UInt8] = Array("  COLLI".utf8) + [0, 0xC3, 0xA4, 0xFF, 0x25, 0x6E, 0x0D, 0x0A, 0]
    let calling: [UInt8] = Array(repeating: 0x80, count: 16)
    let reserved = (0..<32).map { UInt8($0 + 1) }
    bytes.setBytes(called + calling + reserved, at: 10)
    let side = try Side(.acceptor)
    try side.receive(bytes)
    guard case .associate(let request) = try side.indications().first else {
      Issue.record("no request")
      return
    }
    #expect(request.calledAETitle == "COLLI")
    #expect(request.callingAETitle == String(repeating: "\u{FFFD}", count: 16))
    side.ask(
      .accept(
        AssociateAC(
          answering: request, presentationContexts: [],
          userInformation: UserInformation(maximumLength: 0, implementationClassUID: "1"))))
    #expect(try side.sent().getBytes(at: 10, length: 64) == called + calling + reserved)
  }

  /// A refused context needs a transfer syntax that says nothing: the peer's own where it is a UID, or the default.
  @Test(
    arguments: [
      ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.50"),
      ("", "1.2.840.10008.1.2"),
      ("1.2.840.10008.1.2\u{FFFD}", "1.2.840.10008.1.2"),
      ("1.2\r\n", "1.2.840.10008.1.2"),
      ("１.２", "1.2.840.10008.1.2"),
      (String(repeating: "1", count: 64), String(repeating: "1", count: 64)),
      (String(repeating: "1", count: 65), "1.2.840.10008.1.2"),
      (String(repeating: "\u{FFFD}", count: 65_527), "1.2.840.10008.1.2"),
    ], [PresentationContextResult.Result.transferSyntaxesNotSupported, .acceptance])
  func onlyUIDsAreEchoed(syntaxes: (String, String), result: PresentationContextResult.Result) throws {
    var acceptance = Samples.acceptance
    acceptance.presentationContexts = [
      PresentationContextResult(id: 1, result: result, transferSyntax: syntaxes.0)
    ]
    guard case .pdu(.associateAC(let read)) = try decoded(Samples.bytes(of: .associateAC(acceptance))) else {
      Issue.record("no acceptance")
      return
    }
    #expect(read.presentationContexts.map(\.transferSyntax) == [syntaxes.1])
    #expect(read.userInformation == acceptance.userInformation)
  }

  /// What does not fit its item's 16 bits of length is not sent: the association ends, and both sides hear of it.
  @Test func anAcceptanceThatDoesNotFitIsAnAbort() throws {
    let side = try #require(try Side(.acceptor, in: .awaitingLocalAssociateResponse))
    var acceptance = Samples.acceptance
    acceptance.userInformation.userIdentityResponse = ByteBuffer(repeating: 0x61, count: 65_530)
    let promise = side.channel.eventLoop.makePromise(of: Void.self)
    side.channel.writeAndFlush(UpperLayerRequest.accept(acceptance), promise: promise)
    #expect(throws: (any Error).self) { try promise.futureResult.wait() }
    #expect(try side.sent() == ByteBuffer(bytes: [7, 0, 0, 0, 0, 4, 0, 0, 2, 0]))
    #expect(try side.ends().count == 1)
  }

  @Test func aRequestThatDoesNotFitIsNotSent() throws {
    let side = try Side(.requestor)
    var request = Samples.request
    request.userInformation.userIdentity?.primaryField = ByteBuffer(repeating: 0x61, count: 65_536)
    let promise = side.channel.eventLoop.makePromise(of: Void.self)
    side.channel.writeAndFlush(UpperLayerRequest.associate(request), promise: promise)
    #expect(throws: (any Error).self) { try promise.futureResult.wait() }
    #expect(try side.sent().readableBytes <= 10)
    #expect(try side.ends().count == 1)
  }

  /// PS3.8 Table 9-26: a service user gives no reason.
  @Test func aUsersAbortHasNoReason() {
    let abort = Abort(source: .serviceUser, reason: .invalidPDUParameterValue)
    #expect(Samples.bytes(of: .abort(abort)) == ByteBuffer(bytes: [7, 0, 0, 0, 0, 4, 0, 0, 0, 0]))
  }

  @Test(
    arguments: [
      (.notSpecified, 0), (.unrecognizedPDU, 1), (.unexpectedPDU, 2), (.unrecognizedPDUParameter, 4),
      (.unexpectedPDUParameter, 5), (.invalidPDUParameterValue, 6),
    ] as [(Abort.Reason, UInt8)])
  func theReasonsOfAnAbortAreTable926(reason: Abort.Reason, code: UInt8) {
    let abort = Abort(source: .serviceProvider, reason: reason)
    #expect(Samples.bytes(of: .abort(abort)) == ByteBuffer(bytes: [7, 0, 0, 0, 0, 4, 0, 0, 2, code]))
  }

  @Test(
    arguments: [
      (.noReasonGiven, [1, 1, 1]), (.applicationContextNameNotSupported, [1, 1, 2]),
      (.callingAETitleNotRecognized, [1, 1, 3]), (.calledAETitleNotRecognized, [1, 1, 7]),
      (.protocolVersionNotSupported, [1, 2, 2]), (.temporaryCongestion, [2, 3, 1]),
      (.localLimitExceeded, [2, 3, 2]),
    ] as [(AssociateRJ, [UInt8])])
  func theRejectionsAreTable921(rejection: AssociateRJ, codes: [UInt8]) {
    #expect(
      Samples.bytes(of: .associateRJ(rejection)) == ByteBuffer(bytes: [3, 0, 0, 0, 0, 4, 0] + codes))
  }

  private func decoded(_ bytes: ByteBuffer) throws -> PDUDecoder.Decoded? {
    var decoder = PDUDecoder(limits: UpperLayerLimits())
    try decoder.append(bytes)
    return try decoder.next(in: .awaitingAssociateACOrRJ)
  }
}

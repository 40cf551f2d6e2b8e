// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import UpperLayer

@Suite struct PDUDecoderTests {
  @Test(arguments: Samples.pdus)
  func whatIsWrittenIsReadAgain(pdu: PDU) throws {
    #expect(try decoded([Samples.bytes(of: pdu)]) == [.pdu(pdu)])
  }

  @Test(arguments: Samples.pdus)
  func byteByByteIsTheSame(pdu: PDU) throws {
    let bytes = Samples.bytes(of: pdu).readableBytesView.map { ByteBuffer(bytes: [$0]) }
    #expect(try decoded(bytes) == [.pdu(pdu)])
  }

  /// Cut anywhere, a PDU is not there yet: nothing is said, nothing thrown, nothing trapped.
  @Test(arguments: Samples.pdus)
  func everyTruncationWaits(pdu: PDU) throws {
    let whole = Samples.bytes(of: pdu)
    for count in 0..<whole.readableBytes {
      #expect(try decoded([try #require(whole.getSlice(at: 0, length: count))]).isEmpty)
    }
  }

  /// Each byte of each PDU set to each of some values: an answer or an error, never a trap.
  @Test(arguments: Samples.pdus)
  func noSingleByteIsFatal(pdu: PDU) {
    let whole = Samples.bytes(of: pdu)
    for index in 0..<whole.readableBytes {
      for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
        var bytes = whole
        bytes.setInteger(value, at: index)
        _ = try? decoded([bytes])
      }
    }
  }

  @Test func presentationDataPassesAsItArrives() throws {
    var pdu = ByteBuffer(bytes: [4, 0, 0, 0, 0, 10 + 7, 0, 0, 0, 6, 1, 3])
    pdu.writeBytes([9, 8, 7, 6, 0, 0, 0, 3, 1, 2, 5])
    let whole = try decoded([pdu])
    #expect(
      whole == [
        .dataTFBegan,
        .data(
          PresentationDataValue(contextID: 1, isCommand: true, isLast: true, data: ByteBuffer(bytes: [9, 8, 7, 6]))),
        .data(PresentationDataValue(contextID: 1, isCommand: false, isLast: true, data: ByteBuffer(bytes: [5]))),
      ])
    let pieces = try decoded(pdu.readableBytesView.map { ByteBuffer(bytes: [$0]) })
    let values = pieces.compactMap { piece -> PresentationDataValue? in
      if case .data(let value) = piece { value } else { nil }
    }
    #expect(values.flatMap { Array($0.data.readableBytesView) } == [9, 8, 7, 6, 5])
    #expect(values.map(\.isLast) == [false, false, false, true, true])
  }

  /// Attack lines A03 to A08 and A12: each is refused as soon as it can be known, with the Standard's reason.
  @Test(
    arguments: [
      ("a type that does not exist", [9, 0, 0, 0, 0, 4], Abort.Reason.unrecognizedPDU),
      ("a request of 4 GiB", [1, 0, 0xFF, 0xFF, 0xFF, 0xFF], .invalidPDUParameterValue),
      ("data of 4 GiB", [4, 0, 0xFF, 0xFF, 0xFF, 0xFF], .invalidPDUParameterValue),
      ("a release of 1 MiB", [5, 0, 0, 0x10, 0, 0], .invalidPDUParameterValue),
      ("a request shorter than its fixed fields", [1, 0, 0, 0, 0, 4, 0, 1, 0, 0], .invalidPDUParameterValue),
      ("a PDV of length 0", [4, 0, 0, 0, 0, 6, 0, 0, 0, 0, 1, 3], .invalidPDUParameterValue),
      ("a PDV of length 1", [4, 0, 0, 0, 0, 6, 0, 0, 0, 1, 1, 3], .invalidPDUParameterValue),
      ("a PDV longer than its PDU", [4, 0, 0, 0, 0, 6, 0, 0, 0, 3, 1, 3], .invalidPDUParameterValue),
      ("a PDV of 4 GiB", [4, 0, 0, 0, 0, 6, 0xFF, 0xFF, 0xFF, 0xFF, 1, 3], .invalidPDUParameterValue),
      ("a PDU that ends inside a PDV's head", [4, 0, 0, 0, 0, 3, 0, 0, 0], .invalidPDUParameterValue),
    ] as [(String, [UInt8], Abort.Reason)])
  func whatIsWrongIsRefused(what: String, bytes: [UInt8], reason: Abort.Reason) {
    #expect(throws: PDUError.self, "\(what)") { try decoded([ByteBuffer(bytes: bytes)]) }
    do {
      _ = try decoded([ByteBuffer(bytes: bytes)])
    } catch {
      #expect((error as? PDUError)?.reason == reason, "\(what)")
    }
  }

  @Test(arguments: [
    [ProposedPresentationContext(id: 2, abstractSyntax: "1.2", transferSyntaxes: ["1.2"])],
    [
      ProposedPresentationContext(id: 1, abstractSyntax: "1.2", transferSyntaxes: ["1.2"]),
      ProposedPresentationContext(id: 1, abstractSyntax: "1.3", transferSyntaxes: ["1.2"]),
    ],
  ])
  func contextIDsAreOddAndDifferent(contexts: [ProposedPresentationContext]) {
    var request = Samples.request
    request.presentationContexts = contexts
    #expect(throws: PDUError.self) { try decoded([Samples.bytes(of: .associateRQ(request))]) }
  }

  @Test func unknownItemsAreSkipped() throws {
    var bytes = Samples.bytes(of: .associateRQ(Samples.request))
    bytes.writeBytes([0x7E, 0, 0, 2, 1, 2])
    bytes.setInteger(UInt32(bytes.readableBytes - 6), at: 2)
    #expect(try decoded([bytes]) == [.pdu(.associateRQ(Samples.request))])
  }

  @Test func paddedAETitlesAreTheSame() throws {
    var bytes = Samples.bytes(of: .associateRQ(Samples.request))
    bytes.setBytes(Array("  MODALITY\0\0\0\0\0\0".utf8), at: 26)
    guard case .pdu(.associateRQ(let request)) = try #require(try decoded([bytes]).first) else {
      Issue.record("no request")
      return
    }
    #expect(request.callingAETitle == "MODALITY")
  }

  private func decoded(_ pieces: [ByteBuffer]) throws -> [PDUDecoder.Decoded] {
    var decoder = PDUDecoder(limits: UpperLayerLimits())
    let state: UpperLayerState =
      switch pieces.first?.readableBytesView.first.flatMap(PDUType.init) {
      case .associateRQ: .transportOpenAwaitingAssociateRQ
      case .associateAC, .associateRJ: .awaitingAssociateACOrRJ
      case .releaseRP: .awaitingReleaseRP
      default: .established
      }
    var decoded: [PDUDecoder.Decoded] = []
    for piece in pieces {
      try decoder.append(piece)
      while let next = try decoder.next(in: state) { decoded.append(next) }
      #expect(decoder.bufferedBytes <= 64 << 10)
    }
    return decoded
  }
}

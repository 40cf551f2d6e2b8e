// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import UpperLayer

/// PDUs with something in every field, and one event of each of the 19 kinds.
enum Samples {
  static let request = AssociateRQ(
    calledAETitle: "COLLIMATOR", callingAETitle: "MODALITY",
    presentationContexts: [
      ProposedPresentationContext(
        id: 1, abstractSyntax: "1.2.840.10008.1.1", transferSyntaxes: ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]),
      ProposedPresentationContext(
        id: 255, abstractSyntax: "1.2.840.10008.5.1.4.1.1.2", transferSyntaxes: ["1.2.840.10008.1.2"]),
    ],
    userInformation: UserInformation(
      maximumLength: 16384, implementationClassUID: "2.25.1", implementationVersionName: "TEST",
      asynchronousOperationsWindow: AsynchronousOperationsWindow(invoked: 4, performed: 1),
      roleSelections: [RoleSelection(sopClassUID: "1.2.3", supportsSCU: false, supportsSCP: true)],
      extendedNegotiations: [ExtendedNegotiation(sopClassUID: "1.2.4", information: ByteBuffer(bytes: [1, 0, 1]))],
      commonExtendedNegotiations: [
        CommonExtendedNegotiation(
          sopClassUID: "1.2.5", serviceClassUID: "1.2.6", relatedGeneralSOPClassUIDs: ["1.2.7", "1.2.8"])
      ],
      userIdentity: UserIdentity(
        type: 2, positiveResponseRequested: true, primaryField: ByteBuffer(string: "user"),
        secondaryField: ByteBuffer(string: "secret"))))

  static let acceptance = AssociateAC(
    answering: request,
    presentationContexts: [
      PresentationContextResult(id: 1, result: .acceptance, transferSyntax: "1.2.840.10008.1.2"),
      PresentationContextResult(id: 255, result: .userRejection, transferSyntax: "1.2.840.10008.1.2"),
    ],
    userInformation: UserInformation(maximumLength: 0, implementationClassUID: "2.25.2"))

  static let pdus: [PDU] = [
    .associateRQ(request), .associateAC(acceptance), .associateRJ(.calledAETitleNotRecognized), .releaseRQ, .releaseRP,
    .abort(Abort(source: .serviceProvider, reason: .unexpectedPDU)),
  ]

  static let events: [String: UpperLayerEvent] = [
    "Evt1": .associateRequest(request), "Evt2": .transportConfirm, "Evt3": .receivedAssociateAC(acceptance),
    "Evt4": .receivedAssociateRJ(.noReasonGiven), "Evt5": .transportIndication,
    "Evt6": .receivedAssociateRQ(request), "Evt7": .acceptResponse(acceptance),
    "Evt8": .rejectResponse(.noReasonGiven), "Evt9": .dataRequest, "Evt10": .receivedDataTF,
    "Evt11": .releaseRequest, "Evt12": .receivedReleaseRQ, "Evt13": .receivedReleaseRP, "Evt14": .releaseResponse,
    "Evt15": .abortRequest(.byUser), "Evt16": .receivedAbort(.byUser), "Evt17": .transportClosed,
    "Evt18": .artimExpired, "Evt19": .receivedInvalidPDU(PDUError(.unrecognizedPDU, "a test")),
  ]

  static func bytes(of pdu: PDU) -> ByteBuffer {
    var buffer = ByteBuffer()
    do throws(PDUError) {
      try pdu.write(to: &buffer)
    } catch {
      Issue.record("\(error)")
    }
    return buffer
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Testing
import UpperLayer

@testable import Node

@Suite struct NegotiationTests {
  private static let ct = "1.2.840.10008.5.1.4.1.1.2"
  private static let jpegBaseline = "1.2.840.10008.1.2.4.50"
  private static let jpeg2000Lossless = "1.2.840.10008.1.2.4.90"
  private static let implicit = "1.2.840.10008.1.2"
  private static let explicit = "1.2.840.10008.1.2.1"

  @Test(
    arguments: [
      (ct, Rights.store, PresentationContextResult.Result.acceptance),
      (ct, .query, .userRejection),
      (ct, [], .userRejection),
      (UIDRegistry.studyRootFind, .query, .acceptance),
      (UIDRegistry.patientRootFind, .store, .userRejection),
      (UIDRegistry.verification, [], .acceptance),
      ("1.2.840.10008.5.1.4.1.2.2.2", [.store, .query, .retrieve], .abstractSyntaxNotSupported),
      ("1.3.12.2.1107.5.9.1", .store, .abstractSyntaxNotSupported),
    ] as [(String, Rights, PresentationContextResult.Result)])
  func rightsDecide(abstractSyntax: String, rights: Rights, result: PresentationContextResult.Result) {
    let outcome = negotiate(abstractSyntax, [Self.implicit], rights: rights)
    #expect(outcome.result == result)
  }

  @Test func aPrivateClassNeedsThePeersOption() {
    let accepted = negotiate("1.3.12.2.1107.5.9.1", [Self.implicit], rights: .store, acceptsPrivate: true)
    #expect(accepted.result == .acceptance)
  }

  @Test(
    arguments: [
      ([implicit, explicit], implicit),
      ([explicit, implicit], explicit),
      ([jpegBaseline, explicit], explicit),
      ([jpegBaseline, jpeg2000Lossless], jpeg2000Lossless),
      ([jpegBaseline], jpegBaseline),
      (["1.2.840.10008.1.2.4.94", explicit], explicit),
      (["1.2.3.4"], nil),
      ([], nil),
    ] as [([String], String?)])
  func theRequestorsOrderDecidesButNotForLoss(proposed: [String], chosen: String?) {
    let outcome = negotiate(Self.ct, proposed, rights: .store)
    #expect(outcome.result == (chosen == nil ? .transferSyntaxesNotSupported : .acceptance))
    if let chosen { #expect(outcome.transferSyntax == chosen) }
  }

  private func negotiate(
    _ abstractSyntax: String, _ transferSyntaxes: [String], rights: Rights, acceptsPrivate: Bool = false
  ) -> PresentationContextResult {
    let request = AssociateRQ(
      calledAETitle: "A", callingAETitle: "B",
      presentationContexts: [
        ProposedPresentationContext(id: 1, abstractSyntax: abstractSyntax, transferSyntaxes: transferSyntaxes)
      ], userInformation: UserInformation(maximumLength: 0, implementationClassUID: "1"))
    return Negotiation(request, rights: rights, acceptsPrivateSOPClasses: acceptsPrivate).outcomes[0].result
  }
}

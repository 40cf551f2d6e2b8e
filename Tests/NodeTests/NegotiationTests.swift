// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import NIOCore
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
      (UIDRegistry.studyRootMove, .retrieve, .acceptance),
      (UIDRegistry.patientRootMove, [.store, .query], .userRejection),
      (UIDRegistry.studyRootGet, [.store, .query], .userRejection),
      (UIDRegistry.patientRootGet, .retrieve, .acceptance),
      (UIDRegistry.compositeInstanceRootMove, .retrieve, .acceptance),
      (UIDRegistry.compositeInstanceRootGet, [.store, .query], .userRejection),
      ("1.2.840.10008.5.1.4.1.2.5.3", [.store, .query, .retrieve], .abstractSyntaxNotSupported),
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

  /// What a peer's profile says of transfer syntaxes takes the place of the policy, for objects alone.
  @Test(
    arguments: [
      ([explicit, implicit, jpegBaseline], [jpegBaseline, implicit], jpegBaseline),
      ([explicit, implicit], [implicit, explicit], implicit),
      ([explicit], [implicit], nil),
    ] as [([String], [String], String?)])
  func aPeersProfileOverridesThePolicy(proposed: [String], profile: [String], chosen: String?) {
    for syntax in [Self.ct, UIDRegistry.verification] {
      let request = AssociateRQ(
        calledAETitle: "A", callingAETitle: "B",
        presentationContexts: [ProposedPresentationContext(id: 1, abstractSyntax: syntax, transferSyntaxes: proposed)],
        userInformation: UserInformation(maximumLength: 0, implementationClassUID: "1.2"))
      let negotiation = Negotiation(
        request, rights: .store, acceptsPrivateSOPClasses: false, transferSyntaxUIDs: profile)
      let result = negotiation.outcomes.first?.result
      #expect(result?.transferSyntax == (syntax == Self.ct ? chosen ?? proposed.first : proposed.first))
      #expect((result?.result == .acceptance) == (syntax != Self.ct || chosen != nil))
    }
  }

  @Test(
    arguments: [
      (nil, nil), ((1, 1), 1), ((8, 4), 8), ((0, 0), 16), ((500, 500), 16),
    ] as [((UInt16, UInt16)?, UInt16?)])
  func theWindowIsWhatBothCan(proposed: (UInt16, UInt16)?, invoked: UInt16?) {
    var user = UserInformation(maximumLength: 0, implementationClassUID: "1.2")
    user.asynchronousOperationsWindow = proposed.map { .init(invoked: $0.0, performed: $0.1) }
    let window = negotiation([Self.ct], user, rights: .store).asynchronousOperationsWindow
    #expect(window == invoked.map { AsynchronousOperationsWindow(invoked: $0, performed: 1) })
  }

  /// PS3.7 D.3.3.4: C-GET needs the peer to be SCP of the storage classes, and the right to retrieve.
  @Test(
    arguments: [
      (ct, Rights([.store, .retrieve]), (true, true), (true, true)),
      (ct, .store, (true, true), (true, false)),
      (ct, .retrieve, (true, true), (false, true)),
      (ct, .retrieve, (false, true), (false, true)),
      (ct, .store, (false, true), (false, false)),
      (ct, .retrieve, (true, false), nil),
      (ct, .query, (true, true), nil),
      (UIDRegistry.studyRootFind, Rights([.query, .retrieve]), (true, true), (true, false)),
      ("1.2.3.4", Rights([.store, .retrieve]), (true, true), nil),
    ] as [(String, Rights, (Bool, Bool), (Bool, Bool)?)])
  func rolesFollowTheRights(
    sopClass: String, rights: Rights, proposed: (Bool, Bool), agreed: (Bool, Bool)?
  ) {
    var user = UserInformation(maximumLength: 0, implementationClassUID: "1.2")
    user.roleSelections = [
      RoleSelection(sopClassUID: sopClass, supportsSCU: proposed.0, supportsSCP: proposed.1)
    ]
    let roles = negotiation([sopClass], user, rights: rights).roleSelections
    #expect(
      roles.first
        == agreed.map { RoleSelection(sopClassUID: sopClass, supportsSCU: $0.0, supportsSCP: $0.1) })
  }

  @Test func extendedNegotiationIsAnsweredFieldByField() {
    var user = UserInformation(maximumLength: 0, implementationClassUID: "1.2")
    user.extendedNegotiations = [
      ExtendedNegotiation(
        sopClassUID: UIDRegistry.studyRootFind, information: ByteBuffer(bytes: [1, 0, 1, 1, 1, 1, 1])),
      ExtendedNegotiation(sopClassUID: Self.ct, information: ByteBuffer(bytes: [1, 0, 0, 0, 1, 0])),
      ExtendedNegotiation(sopClassUID: UIDRegistry.patientRootFind, information: ByteBuffer(bytes: [1])),
    ]
    let answers = negotiation([Self.ct, UIDRegistry.studyRootFind], user, rights: [.store, .query])
      .extendedNegotiations
    #expect(answers.map(\.sopClassUID) == [UIDRegistry.studyRootFind, Self.ct])
    #expect(answers.map { Array($0.information.readableBytesView) } == [[1, 0, 1, 1, 0, 1, 1], [2, 0, 3, 0, 0, 0]])
  }

  /// PS3.7 D.3.3.6: what a class says of itself binds nobody whose peer's entry says otherwise.
  @Test(
    arguments: [
      (true, UIDRegistry.storageServiceClass, .acceptance),
      (false, UIDRegistry.storageServiceClass, .abstractSyntaxNotSupported),
      (true, "1.2.840.10008.4.9", .abstractSyntaxNotSupported), (true, nil, .acceptance),
      (false, nil, .abstractSyntaxNotSupported),
    ] as [(Bool, String?, PresentationContextResult.Result)])
  func thePeersEntryDecidesAboutPrivateClasses(
    acceptsPrivate: Bool, serviceClassUID: String?, result: PresentationContextResult.Result
  ) {
    let sopClass = "1.3.12.2.1107.5.9.1"
    var user = UserInformation(maximumLength: 0, implementationClassUID: "1.2")
    user.commonExtendedNegotiations =
      serviceClassUID.map {
        [CommonExtendedNegotiation(sopClassUID: sopClass, serviceClassUID: $0, relatedGeneralSOPClassUIDs: [])]
      } ?? []
    let negotiation = negotiation([sopClass], user, rights: .store, acceptsPrivate: acceptsPrivate)
    #expect(negotiation.outcomes.first?.result.result == result)
  }

  private func negotiation(
    _ sopClasses: [String], _ user: UserInformation, rights: Rights, acceptsPrivate: Bool = false
  ) -> Negotiation {
    let contexts = sopClasses.enumerated().map { index, sopClass in
      ProposedPresentationContext(
        id: UInt8(2 * index + 1), abstractSyntax: sopClass, transferSyntaxes: [Self.implicit])
    }
    let request = AssociateRQ(
      calledAETitle: "A", callingAETitle: "B", presentationContexts: contexts, userInformation: user)
    return Negotiation(request, rights: rights, acceptsPrivateSOPClasses: acceptsPrivate)
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

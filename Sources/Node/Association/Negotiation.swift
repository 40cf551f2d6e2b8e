// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import ServiceClasses
import UpperLayer

/// What this node says to an association request of a peer that it knows (PS3.8 §7.1.1, PS3.7 annex D).
struct Negotiation {
  /// One proposed presentation context and what became of it, in words for the log.
  struct Outcome {
    let proposed: ProposedPresentationContext
    let result: PresentationContextResult
    let service: OfferedService?
    let why: String?
  }

  /// C-STOREs that one association may have outstanding: enough for them to share each sync of the disk.
  private static let mostOperations: UInt16 = 16

  let outcomes: [Outcome]
  /// Only where the requestor asked for one (PS3.7 D.3.3.3).
  let asynchronousOperationsWindow: AsynchronousOperationsWindow?
  /// One for each that was proposed for an accepted context (PS3.7 D.3.3.4).
  let roleSelections: [RoleSelection]
  let extendedNegotiations: [ExtendedNegotiation]

  /// `assumesGetRoles`: who proposes C-GET and storage classes without a role for them wants to be their SCP.
  /// `transferSyntaxUIDs`: those that are taken for objects, the preferred first, in place of the policy; empty for none.
  init(
    _ request: AssociateRQ, rights: Rights, acceptsPrivateSOPClasses: Bool, assumesGetRoles: Bool = false,
    transferSyntaxUIDs: [String] = []
  ) {
    let user = request.userInformation
    let proposesGet = request.presentationContexts.contains { proposed in
      switch OfferedService(abstractSyntax: proposed.abstractSyntax, acceptsPrivateSOPClasses: false) {
      case .get: true
      default: false
      }
    }
    let judge = ContextJudge(
      rights: rights, acceptsPrivateSOPClasses: acceptsPrivateSOPClasses,
      assumesSCPRole: assumesGetRoles && proposesGet, transferSyntaxUIDs: transferSyntaxUIDs, requested: user)
    outcomes = request.presentationContexts.map(judge.outcome)
    let accepted = Dictionary(
      outcomes.compactMap { outcome in outcome.service.map { (outcome.proposed.abstractSyntax, $0) } },
      uniquingKeysWith: { first, _ in first })
    asynchronousOperationsWindow = user.asynchronousOperationsWindow.map { window in
      AsynchronousOperationsWindow(
        invoked: window.invoked == 0 ? Self.mostOperations : min(window.invoked, Self.mostOperations), performed: 1)
    }
    roleSelections = user.roleSelections.compactMap { role in
      accepted[role.sopClassUID].map { judge.roles(role, for: $0) }
    }
    extendedNegotiations = user.extendedNegotiations.compactMap { asked in
      accepted[asked.sopClassUID]?.answer(to: asked)
    }
  }
}

/// What a peer with these rights gets of one proposed presentation context.
private struct ContextJudge {
  typealias Outcome = Negotiation.Outcome

  let rights: Rights
  let acceptsPrivateSOPClasses: Bool
  let assumesSCPRole: Bool
  let transferSyntaxUIDs: [String]
  let requested: UserInformation

  func outcome(of proposed: ProposedPresentationContext) -> Outcome {
    func refused(_ result: PresentationContextResult.Result, _ why: String) -> Outcome {
      Outcome(
        proposed: proposed,
        // The transfer syntax of a refused context is not significant (PS3.8 §9.3.3.2) but has to be there.
        result: PresentationContextResult(
          id: proposed.id, result: result, transferSyntax: proposed.transferSyntaxes.first ?? ""),
        service: nil, why: why)
    }
    guard let service = service(of: proposed.abstractSyntax) else {
      return refused(.abstractSyntaxNotSupported, "this node does not offer it")
    }
    guard mayUse(service, proposed.abstractSyntax) else {
      return refused(
        .userRejection, "this peer has no right to \(service.requiredRights.names.joined(separator: ", "))")
    }
    guard let chosen = transferSyntax(for: service, among: proposed.transferSyntaxes) else {
      return refused(.transferSyntaxesNotSupported, whyNone(of: proposed.transferSyntaxes, for: service))
    }
    return Outcome(
      proposed: proposed,
      result: PresentationContextResult(id: proposed.id, result: .acceptance, transferSyntax: chosen.uid),
      service: service, why: nil)
  }

  private static let mostNamed = 6

  private func whyNone(of proposed: [String], for service: OfferedService) -> String {
    let names = proposed.prefix(Self.mostNamed).map { UIDRegistry.name(of: $0) ?? $0.printableUID }
    let rest = proposed.count > names.count ? " and \(proposed.count - names.count) more" : ""
    let isOwnChoice = service == .storage && !transferSyntaxUIDs.isEmpty
    return "none of its transfer syntaxes (\(names.joined(separator: ", "))\(rest)) is one that this node takes"
      + (isOwnChoice ? " from this peer: see collimator peer set --transfer-syntaxes" : "")
  }

  /// Whether classes that nobody here knows are taken, the peer's entry decides alone; its own common extended negotiation can
  /// say that one is no storage class (PS3.7 D.3.3.6, PS3.4 B.3.1.4), and cannot make it one.
  private func service(of abstractSyntax: String) -> OfferedService? {
    let isSaidToBeElse = requested.commonExtendedNegotiations.contains {
      $0.sopClassUID == abstractSyntax && $0.serviceClassUID != UIDRegistry.storageServiceClass
    }
    return OfferedService(
      abstractSyntax: abstractSyntax, acceptsPrivateSOPClasses: acceptsPrivateSOPClasses && !isSaidToBeElse)
  }

  /// Who wants objects by C-GET proposes to be their SCP; for that the right to retrieve is the one that counts.
  private func mayUse(_ service: OfferedService, _ abstractSyntax: String) -> Bool {
    if rights.isSuperset(of: service.requiredRights) { return true }
    guard let role = requested.roleSelections.first(where: { $0.sopClassUID == abstractSyntax }) else {
      return assumesSCPRole && service == .storage && rights.contains(.retrieve)
    }
    return roles(role, for: service).supportsSCP
  }

  /// PS3.7 D.3.3.4: no role that was not proposed, and none that the rights do not cover.
  func roles(_ proposed: RoleSelection, for service: OfferedService) -> RoleSelection {
    RoleSelection(
      sopClassUID: proposed.sopClassUID,
      supportsSCU: proposed.supportsSCU && rights.isSuperset(of: service.requiredRights),
      supportsSCP: proposed.supportsSCP && service == .storage && rights.contains(.retrieve))
  }

  /// The requestor's order decides, but a lossy syntax never wins while another stands beside it: the sender would compress
  /// for us what it holds in full.
  private func transferSyntax(for service: OfferedService, among proposed: [String]) -> TransferSyntax? {
    if service == .storage, !transferSyntaxUIDs.isEmpty {
      return transferSyntaxUIDs.first(where: proposed.contains).flatMap(TransferSyntax.init(uid:))
    }
    let offered = Set(service.transferSyntaxes.map(\.uid))
    let possible = proposed.filter(offered.contains).compactMap(TransferSyntax.init(uid:))
    return possible.first { !$0.isLossy } ?? possible.first
  }
}

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

  let outcomes: [Outcome]

  init(_ request: AssociateRQ, rights: Rights, acceptsPrivateSOPClasses: Bool) {
    outcomes = request.presentationContexts.map { proposed in
      Self.judge(proposed, rights: rights, acceptsPrivateSOPClasses: acceptsPrivateSOPClasses)
    }
  }

  private static func judge(
    _ proposed: ProposedPresentationContext, rights: Rights, acceptsPrivateSOPClasses: Bool
  ) -> Outcome {
    func refused(_ result: PresentationContextResult.Result, _ why: String) -> Outcome {
      Outcome(
        proposed: proposed,
        // The transfer syntax of a refused context is not significant (PS3.8 §9.3.3.2) but has to be there.
        result: PresentationContextResult(
          id: proposed.id, result: result, transferSyntax: proposed.transferSyntaxes.first ?? ""),
        service: nil, why: why)
    }
    guard
      let service = OfferedService(
        abstractSyntax: proposed.abstractSyntax, acceptsPrivateSOPClasses: acceptsPrivateSOPClasses)
    else {
      return refused(.abstractSyntaxNotSupported, "this node does not offer it")
    }
    guard rights.isSuperset(of: service.requiredRights) else {
      return refused(
        .userRejection, "this peer has no right to \(service.requiredRights.names.joined(separator: ", "))")
    }
    guard let chosen = transferSyntax(for: service, among: proposed.transferSyntaxes) else {
      return refused(.transferSyntaxesNotSupported, "none of its transfer syntaxes is one that this node takes")
    }
    return Outcome(
      proposed: proposed,
      result: PresentationContextResult(id: proposed.id, result: .acceptance, transferSyntax: chosen.uid),
      service: service, why: nil)
  }

  /// The requestor's order decides, but a lossy syntax never wins while another stands beside it: the sender would compress
  /// for us what it holds in full.
  private static func transferSyntax(for service: OfferedService, among proposed: [String]) -> TransferSyntax? {
    let offered = Set(service.transferSyntaxes.map(\.uid))
    let possible = proposed.filter(offered.contains).compactMap(TransferSyntax.init(uid:))
    return possible.first { !$0.isLossy } ?? possible.first
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DICOMData
import Logging
import UpperLayer

/// Who is let in, and to what: judged once, from the association request and the address that it came from.
struct AssociationAdmission: Sendable {
  struct Admitted {
    let caller: Caller
    let acceptance: AssociateAC
  }

  let aeTitle: String
  let maximumLength: UInt32
  let archive: Archive

  func judge(
    _ request: AssociateRQ, from address: String, tls: TLSSession?, logger: Logger
  ) async throws -> Result<Admitted, AssociateRJ> {
    let logger = logger.naming(tls)
    func rejected(_ rejection: AssociateRJ, _ why: String) async throws -> Result<Admitted, AssociateRJ> {
      logger.notice(
        "association rejected: \(why)",
        metadata: ["calling": "\(request.callingAETitle)", "called": "\(request.calledAETitle)"])
      try await archive.recordKnock(
        callingAETitle: request.callingAETitle, calledAETitle: request.calledAETitle, address: address, reason: why)
      return .failure(rejection)
    }
    guard request.applicationContextName == ApplicationContext.dicom else {
      return try await rejected(
        .applicationContextNameNotSupported, "its application context is not DICOM's")
    }
    guard request.calledAETitle == aeTitle else {
      return try await rejected(
        .calledAETitleNotRecognized, "it called another AE title than this node's, '\(aeTitle)'")
    }
    switch try await archive.caller(callingAETitle: request.callingAETitle, address: address) {
    case .unknownAETitle:
      return try await rejected(.callingAETitleNotRecognized, "no peer has this AE title")
    case .wrongAddress:
      return try await rejected(
        .callingAETitleNotRecognized, "the peers with this AE title may not come from this address")
    case .admitted(let caller, let peer):
      let negotiation = Negotiation(
        request, rights: peer.rights, acceptsPrivateSOPClasses: peer.acceptsPrivateSOPClasses)
      log(negotiation, of: request, peer: peer.name, logger)
      return .success(Admitted(caller: caller, acceptance: acceptance(of: request, negotiation)))
    }
  }

  private func acceptance(of request: AssociateRQ, _ negotiation: Negotiation) -> AssociateAC {
    AssociateAC(
      answering: request, presentationContexts: negotiation.outcomes.map(\.result),
      userInformation: UserInformation(
        maximumLength: maximumLength, implementationClassUID: Implementation.classUID,
        implementationVersionName: Implementation.versionName))
  }

  /// One line that says who, what was accepted, and what was refused and why.
  private func log(_ negotiation: Negotiation, of request: AssociateRQ, peer: String, _ logger: Logger) {
    let refusals = negotiation.outcomes.compactMap { outcome in
      outcome.why.map {
        "\(UIDRegistry.name(of: outcome.proposed.abstractSyntax) ?? outcome.proposed.abstractSyntax): \($0)"
      }
    }
    let accepted = negotiation.outcomes.count - refusals.count
    var metadata: Logger.Metadata = [
      "calling": "\(request.callingAETitle)", "peer": "\(peer)",
      "contexts": "\(accepted) of \(negotiation.outcomes.count)",
    ]
    if !refusals.isEmpty { metadata["refused"] = "\(Set(refusals).sorted().joined(separator: "; "))" }
    logger.info("association accepted", metadata: metadata)
  }
}

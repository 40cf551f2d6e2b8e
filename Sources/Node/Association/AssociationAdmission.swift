// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DICOMData
import Foundation
import Logging
import NIOCore
import UpperLayer

/// Who is let in, and to what: judged once, from the association request and the connection that it came on.
struct AssociationAdmission: Sendable {
  struct Admitted {
    let caller: Caller
    let callingAETitle: String
    let acceptance: AssociateAC
  }

  /// Why not: what the peer is told (PS3.8 §9.3.4), and what the log says.
  private struct Rejected: Error {
    let rejection: AssociateRJ
    let why: String
    /// Who called did not prove to be who they said.
    var isLogin = false
  }

  let aeTitle: String
  let maximumLength: UInt32
  let assumesGetRoles: Bool
  let archive: Archive
  let registry: AssociationRegistry

  func judge(
    _ request: AssociateRQ, of connected: ConnectedCaller, logger: Logger
  ) async -> Result<Admitted, AssociateRJ> {
    do throws(Rejected) {
      return .success(try await admit(request, connected, logger))
    } catch {
      refuse(error, request, connected, logger)
      return .failure(error.rejection)
    }
  }

  private func admit(
    _ request: AssociateRQ, _ connected: ConnectedCaller, _ logger: Logger
  ) async throws(Rejected) -> Admitted {
    guard request.applicationContextName == ApplicationContext.dicom else {
      throw Rejected(
        rejection: .applicationContextNameNotSupported,
        why: "its application context \(request.applicationContextName.quoted) is not DICOM's")
    }
    let matched = try await knownPeer(request, connected)
    let peer = matched.peer
    // PS3.15 B.12: a client that may be talked into the clear has no TLS.
    guard !peer.requiresTLS || connected.transport.isPrivate else {
      throw Rejected(
        rejection: .noReasonGiven, why: "the peer '\(peer.name)' has to call over TLS, and called in the clear")
    }
    let caller = try await identified(request.userInformation.userIdentity, connected, matched)
    let negotiation = Negotiation(
      request, rights: peer.rights, acceptsPrivateSOPClasses: peer.acceptsPrivateSOPClasses,
      assumesGetRoles: assumesGetRoles, transferSyntaxUIDs: peer.profile.transferSyntaxUIDs)
    if let refusal = registry.admit(
      connected.connection, peer: peer.name, identity: caller.identity.description, request: request,
      contexts: negotiation.count)
    {
      throw Rejected(rejection: .localLimitExceeded, why: refusal.description)
    }
    log(negotiation, of: request, caller, logger)
    archive.noteAcceptance(request, of: caller, contexts: negotiation.count, transport: connected.transport)
    return Admitted(
      caller: caller, callingAETitle: request.callingAETitle, acceptance: acceptance(of: request, negotiation, caller))
  }

  private func knownPeer(
    _ request: AssociateRQ, _ connected: ConnectedCaller
  ) async throws(Rejected) -> MatchedPeer {
    let found: PeerMatch
    do {
      found = try await archive.peer(callingAETitle: request.callingAETitle, address: connected.address)
    } catch {
      // No verdict, and no reason to hang up without a word.
      throw Rejected(rejection: .temporaryCongestion, why: "the list of peers cannot be read: \(error)")
    }
    // Asked before who calls, but of a peer whose titles are odd.
    guard request.calledAETitle == aeTitle || found.hasOddTitles else {
      throw Rejected(
        rejection: .calledAETitleNotRecognized,
        why: "called AE \(request.calledAETitle.quoted), this node is '\(aeTitle)'")
    }
    switch found {
    case .unknownAETitle:
      throw Rejected(rejection: .callingAETitleNotRecognized, why: "no peer has this AE title")
    case .wrongAddress:
      throw Rejected(
        rejection: .callingAETitleNotRecognized,
        why: "the peers with this AE title may not come from \(connected.address)")
    case .matched(let peer): return peer
    }
  }

  /// Who calls through the peer: the user whom the TLS certificate or the user identity proves, or else the peer itself.
  private func identified(
    _ identity: UserIdentity?, _ connected: ConnectedCaller, _ peer: MatchedPeer
  ) async throws(Rejected) -> Caller {
    let credentials = identity.map { [Credential($0)] } ?? []
    let verified: Result<Caller, IdentityRefusal>
    do {
      verified = try await archive.verify(credentials, over: connected.transport, peer: peer)
    } catch {
      throw Rejected(rejection: .temporaryCongestion, why: "who is calling cannot be verified: \(error)")
    }
    switch verified {
    case .success(let caller): return caller
    case .failure(let refusal):
      // One answer for all that is wrong with an identity: which user exists is nobody's business.
      throw Rejected(
        rejection: refusal.kind == .busy ? .temporaryCongestion : .identityRefused, why: refusal.description,
        isLogin: true)
    }
  }

  private func refuse(
    _ rejected: Rejected, _ request: AssociateRQ, _ connected: ConnectedCaller, _ logger: Logger
  ) {
    record(
      Refusal(why: rejected.why, callingAETitle: request.callingAETitle, calledAETitle: request.calledAETitle),
      from: connected.address, isLogin: rejected.isLogin, logger: logger)
  }

  /// One line, one knock, one entry among the last refusals.
  func record(_ refusal: Refusal, from address: String, isLogin: Bool = false, logger: Logger) {
    // Who said nothing has no AE title.
    let (calling, called) = (refusal.callingAETitle ?? "", refusal.calledAETitle ?? "")
    logger.notice(
      "association rejected: \(refusal.why)",
      metadata: ["calling": "\(calling.printable)", "called": "\(called.printable)"])
    registry.refuse(
      RefusedAssociation(
        at: Date(), address: address, callingAETitle: calling.printable, calledAETitle: called.printable,
        reason: refusal.why))
    archive.recordKnock(
      callingAETitle: calling, calledAETitle: called, address: address, reason: refusal.why, isLogin: isLogin)
  }

  /// The same of an association that was granted, and that this node ended: one line, one entry. It is no knock: who calls is
  /// known here.
  func record(_ end: AssociationEnd, of admitted: Admitted, from address: String, logger: Logger) {
    let caller = admitted.caller
    logger.notice(
      "association ended by this node: \(end)",
      metadata: ["peer": "\(caller.peerName)", "identity": "\(caller.identity)"])
    registry.refuse(
      RefusedAssociation(
        at: Date(), address: address, callingAETitle: admitted.callingAETitle.printable,
        calledAETitle: aeTitle, reason: "the association was ended: \(end)"))
  }

  private func acceptance(of request: AssociateRQ, _ negotiation: Negotiation, _ caller: Caller) -> AssociateAC {
    // PS3.7 D.3.3.7.2: only to whoever asked, and only for an identity that was proven.
    let isAsked = request.userInformation.userIdentity?.positiveResponseRequested == true
    let response = isAsked ? caller.identity.serverResponse : nil
    return AssociateAC(
      answering: request, presentationContexts: negotiation.outcomes.map(\.result),
      userInformation: UserInformation(
        maximumLength: maximumLength, implementationClassUID: Implementation.classUID,
        implementationVersionName: Implementation.versionName,
        asynchronousOperationsWindow: negotiation.asynchronousOperationsWindow,
        roleSelections: negotiation.roleSelections, extendedNegotiations: negotiation.extendedNegotiations,
        userIdentityResponse: response.map { ByteBuffer(bytes: $0) }))
  }

  /// One line that says who, what was accepted, and what was refused and why.
  private func log(_ negotiation: Negotiation, of request: AssociateRQ, _ caller: Caller, _ logger: Logger) {
    guard logger.logLevel <= .info else { return }
    var metadata: Logger.Metadata = [
      "calling": "\(request.callingAETitle.printable)", "peer": "\(caller.peerName)",
      "identity": "\(caller.identity)", "contexts": "\(negotiation.count)",
    ]
    let information = request.userInformation
    let implementation = information.implementationVersionName ?? information.implementationClassUID
    if !implementation.isEmpty { metadata["implementation"] = "\(implementation.printable)" }
    let accepted = negotiation.accepted
    if !accepted.isEmpty { metadata["accepted"] = "\(accepted.joined(separator: "; "))" }
    let refusals = negotiation.refusals
    if !refusals.isEmpty { metadata["refused"] = "\(refusals.joined(separator: "; "))" }
    logger.info("association accepted", metadata: metadata)
  }
}

extension Negotiation {
  /// "2 of 3": accepted and proposed contexts.
  fileprivate var count: String { "\(outcomes.count { $0.why == nil }) of \(outcomes.count)" }

  /// What was accepted in which transfer syntax.
  fileprivate var accepted: [String] {
    fitting(
      outcomes.filter { $0.why == nil }.map { outcome in
        let (abstract, syntax) = (outcome.proposed.abstractSyntax, outcome.result.transferSyntax)
        return "\(UIDRegistry.name(of: abstract) ?? abstract.printable) in \(UIDRegistry.name(of: syntax) ?? syntax)"
      })
  }

  /// Each once; no more than a line holds.
  private func fitting(_ lines: [String]) -> [String] {
    let all = Set(lines)
    let shown = all.sorted().prefix(10)
    return all.count > shown.count ? shown + ["and \(all.count - shown.count) more"] : Array(shown)
  }

  /// In words.
  fileprivate var refusals: [String] {
    fitting(
      outcomes.compactMap { outcome in
        outcome.why.map { why in
          let syntax = outcome.proposed.abstractSyntax
          return "\(UIDRegistry.name(of: syntax) ?? syntax.printableUID): \(why)"
        }
      })
  }
}

extension PeerMatch {
  fileprivate var hasOddTitles: Bool {
    if case .matched(let matched) = self { matched.peer.hasOddTitles } else { false }
  }
}

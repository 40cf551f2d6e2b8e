// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DICOMData
import DIMSE
import ServiceClasses
import UpperLayer

/// Performs what is asked about what is owed to peers, and about other archives.
struct DeliveriesPerformer: Sendable {
  let archive: Archive
  let user: Operator
  /// The running node's; nil where none runs.
  let aeTitle: String?
  let retry: @Sendable () async -> Void

  func perform(_ operation: DeliveriesOperation) async throws -> DeliveriesResult {
    let administration = archive.administration(as: user)
    switch operation {
    case .addRule(let draft):
      let number = try await administration.addForwardingRule(
        to: draft.to, from: draft.from, callingAETitle: draft.callingAETitle,
        modalities: try draft.modalities.map { try Modality.value($0) },
        conditions: ForwardingConditions(try ReferralRule.conditions(draft.conditions), scheme: draft.scheme))
      return .done(
        "rule \(number): what arrives from now on is sent on to '\(draft.to)', as far as it is granted to it.")
    case .listRules:
      return .rules(try await administration.forwardingRules().map(ForwardingRuleListing.init))
    case .removeRule(let number):
      try await administration.removeForwardingRule(number)
      return .done("rule \(number) is gone. What waits already is sent all the same: see collimator queue list.")
    case .queue(let most):
      let queue = try await administration.queue(atMost: most)
      return .queue(queue.deliveries.map(DeliveryListing.init), count: queue.count)
    case .retry(let kind, let number, let peer):
      let count = try await administration.retryQueue(try Self.kind(kind), number: number, to: peer)
      await retry()
      return .done("\(count) tried again now" + (aeTitle == nil ? ", once the node runs." : "."))
    case .drop(let kind, let number, let peer):
      let count = try await administration.dropQueue(try Self.kind(kind), number: number, to: peer)
      return .done("\(count) dropped.")
    case .testPeer(let name, let title):
      return .done(try await test(name, callingAETitle: aeTitle ?? title))
    case .callPeer(let name, let title, let purpose):
      let destination = try await destination(name)
      let record = try await archive.audit.record(purpose.entry(archive.audit.time, .began, by: user, name))
      return .peer(PeerCallListing(destination, callingAETitle: aeTitle ?? title, record: record))
    case .calledPeer(let name, let purpose, let record, let count, let failure):
      let outcome: AuditOutcome = failure == nil ? .success : count > 0 ? .partial : .failed
      var entry = purpose.entry(archive.audit.time, outcome, by: user, name)
      entry.began = record
      entry.count = count
      if let failure { entry.detail += "; \(failure)" }
      try await archive.audit.record(entry)
      return .done("recorded")
    case .stored(let pairs):
      let objects = pairs.filter { $0.count == 2 }.map { ReferencedObject(sopClassUID: $0[0], sopInstanceUID: $0[1]) }
      return .stored(try await archive.kept(objects).map { [$0.sopClassUID, $0.sopInstanceUID] })
    }
  }

  private static func kind(_ word: String?) throws(OperationError) -> QueuedDelivery.Kind? {
    guard let word else { return nil }
    guard let kind = QueuedDelivery.Kind(rawValue: word) else {
      throw OperationError("'\(word)' is neither commitment nor forwarding")
    }
    return kind
  }

  private func destination(_ name: String) async throws -> MoveDestination {
    switch try await archive.destination(named: name) {
    case .one(let destination): return destination
    case .unknown: throw OperationError("there is no peer '\(name)': see collimator peer list")
    case .unusable(let why): throw OperationError("\(why): see collimator peer set --port, --address")
    }
  }

  private func test(_ name: String, callingAETitle: String) async throws -> String {
    let destination = try await destination(name)
    let node = try PeerCalls(callingAETitle: callingAETitle).node(destination)
    let proposed = ProposedPresentationContext(
      id: 1, abstractSyntax: UIDRegistry.verification,
      transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
    let began = ContinuousClock.now
    do {
      let status = try await node.withAssociation(proposing: [proposed]) { association in
        var user = ServiceUser(association)
        return try await user.echo()
      }
      guard status == .success else { throw OperationError("'\(name)' answered \(status)") }
    } catch let end as AssociationEnd {
      throw node.explained(end)
    }
    let secured = node.tls == nil ? "" : " over TLS"
    let took = (ContinuousClock.now - began) / Duration.milliseconds(1)
    return
      "'\(name)' (\(node.calledAETitle) at \(node.host):\(node.port)) is alive\(secured); it took \(Int(took.rounded())) ms."
  }
}

extension ForwardingRuleListing {
  init(_ rule: ForwardingRule) {
    self.init(
      number: rule.number, to: rule.destination, from: rule.sender, callingAETitle: rule.callingAETitle,
      modalities: rule.modalities, conditions: rule.conditions.texts, addedBy: rule.addedBy,
      added: Moment.text(rule.addedAt))
  }
}

extension DeliveryListing {
  init(_ delivery: QueuedDelivery) {
    self.init(
      kind: delivery.kind.rawValue, number: delivery.number, to: delivery.destination, what: delivery.what,
      since: Moment.text(delivery.since), attempts: delivery.attempts,
      nextAttempt: delivery.nextAttempt.map(Moment.text),
      lastFailure: delivery.lastFailure)
  }
}

extension PeerCallListing {
  init(_ destination: MoveDestination, callingAETitle: String, record: Int64) {
    let tls = destination.peer.profile.tls
    self.init(
      name: destination.peer.name, host: destination.host, port: destination.port, callingAETitle: callingAETitle,
      calledAETitle: destination.peer.aeTitle.description, tlsCA: tls?.caFile, tlsCertificate: tls?.certificateFile,
      tlsKey: tls?.keyFile, tlsName: tls?.serverName, takesAnyName: tls?.takesAnyName ?? false, usesTLS: tls != nil,
      record: record)
  }
}

extension RemotePurpose {
  fileprivate func entry(
    _ time: Double, _ outcome: AuditOutcome, by user: Operator, _ peer: String
  ) -> AuditEntry {
    switch self {
    case .find(let level, let identifier):
      var entry = AuditEntry(
        at: time, .query, "remote find", outcome, by: AuditActor(user), destination: peer, detail: "level \(level)")
      entry.identifier = identifier
      return entry
    case .fetch(let uids):
      return AuditEntry(
        at: time, .operation, "remote fetch", outcome, by: AuditActor(user), destination: peer,
        detail: "studies from '\(peer)'",
        subjects: uids.map { AuditSubject(patientID: "", issuer: "", studyInstanceUID: $0) })
    }
  }
}

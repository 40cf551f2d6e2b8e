// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import DIMSE
import Logging
import ServiceClasses
import UpperLayer

/// Tells a peer, on an association of this node's own, what became of its storage commitment requests (PS3.4 J.3.3).
struct CommitmentReporting: Sendable {
  let archive: Archive
  let service: CommitmentService
  let calls: PeerCalls
  let logger: Logger

  /// All of one peer; each is settled by itself.
  func report(_ commitments: [Commitment]) async {
    var left = commitments
    do {
      guard let first = commitments.first else { return }
      let destination: MoveDestination
      switch first.destination {
      case .one(let found): destination = found
      case .unknown: throw OperationError("the peer is gone")
      case .unusable(let why): throw OperationError(why)
      }
      try await calls.callable(destination).withAssociation(
        proposing: [Self.context],
        // PS3.4 J.3.3: whoever reports is the SCP, also where it is the requestor.
        roles: [
          RoleSelection(sopClassUID: UIDRegistry.storageCommitmentPushModel, supportsSCU: false, supportsSCP: true)
        ]
      ) { association in
        var user = ServiceUser(association)
        while let commitment = left.first {
          let status = try await CommitmentRecord(of: commitment, to: destination.description, in: archive).during {
            try await user.report(service.report(of: commitment))
          }
          await settle(commitment, status: status)
          left.removeFirst()
        }
      }
    } catch {
      guard !Task.isCancelled else { return }
      for commitment in left { await settle(commitment, failure: "\(error)") }
    }
  }

  func settle(_ commitment: Commitment, status: Status) async {
    await settle(
      commitment,
      failure: status == .success || status.isWarning ? nil : "the peer answered its report with \(status)")
  }

  private func settle(_ commitment: Commitment, failure: String?) async {
    do {
      guard let failure else {
        let failed = commitment.results.count { $0.failure != nil }
        logger.info(
          "storage commitment reported",
          metadata: [
            "peer": "\(commitment.peerName)", "transaction": "\(commitment.transactionUID)",
            "committed": "\(commitment.results.count - failed)", "failed": "\(failed)",
          ])
        return try await archive.commitments.reported(commitment.number)
      }
      logger.notice(
        "a storage commitment report waits: \(failure)",
        metadata: ["peer": "\(commitment.peerName)", "attempts": "\(commitment.attempts + 1)"])
      try await archive.commitments.failed(commitment.number, failure)
    } catch {
      logger.error("the queue cannot be written", metadata: ["error": "\(error)"])
    }
  }

  static let context = ProposedPresentationContext(
    id: 1, abstractSyntax: UIDRegistry.storageCommitmentPushModel,
    transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
}

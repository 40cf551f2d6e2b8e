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

  /// All of one peer, by their numbers; each is judged when its turn comes, and settled by itself. Throws where the queue cannot
  /// be read or written.
  func report(_ numbers: [Int64]) async throws {
    var left = numbers[...]
    // The first before anybody is called: to look at many objects takes long, and nobody is kept waiting for it.
    guard let first = try await nextJudged(of: &left) else { return }
    do {
      let destination: MoveDestination
      switch first.destination {
      case .one(let found): destination = found
      case .unknown: throw OperationError("the peer is gone")
      case .unusable(let why): throw OperationError(why)
      }
      try await calls.withAssociation(
        to: destination, proposing: [Self.context],
        // PS3.4 J.3.3: whoever reports is the SCP, also where it is the requestor.
        roles: [
          RoleSelection(sopClassUID: UIDRegistry.storageCommitmentPushModel, supportsSCU: false, supportsSCP: true)
        ]
      ) { association in
        var user = ServiceUser(association)
        var next: Commitment? = first
        while let commitment = next {
          let status = try await CommitmentRecord(of: commitment, to: destination.description, in: archive).during {
            try await user.report(service.report(of: commitment))
          }
          try await settle(commitment, status: status)
          left.removeFirst()
          next = try await nextJudged(of: &left)
        }
      }
    } catch {
      guard !Task.isCancelled else { return }
      logger.notice("storage commitment reports wait: \(error)", metadata: ["peer": "\(first.peerName)"])
      for number in left { try await archive.commitments.failed(number, "\(error)") }
    }
  }

  /// The first of them that is still there.
  private func nextJudged(of numbers: inout ArraySlice<Int64>) async throws -> Commitment? {
    while let number = numbers.first {
      if let commitment = try await archive.commitments.judged(number) { return commitment }
      numbers.removeFirst()
    }
    return nil
  }

  /// Throws where the queue cannot be written.
  func settle(_ commitment: Commitment, status: Status) async throws {
    guard status == .success || status.isWarning else {
      let failure = "the peer answered its report with \(status)"
      logger.notice(
        "a storage commitment report waits: \(failure)",
        metadata: ["peer": "\(commitment.peerName)", "attempts": "\(commitment.attempts + 1)"])
      return try await archive.commitments.failed(commitment.number, failure)
    }
    let failed = commitment.results.count { $0.failure != nil }
    logger.info(
      "storage commitment reported",
      metadata: [
        "peer": "\(commitment.peerName)", "transaction": "\(commitment.transactionUID)",
        "committed": "\(commitment.results.count - failed)", "failed": "\(failed)",
      ])
    try await archive.commitments.reported(commitment.number)
  }

  static let context = ProposedPresentationContext(
    id: 1, abstractSyntax: UIDRegistry.storageCommitmentPushModel,
    transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
}

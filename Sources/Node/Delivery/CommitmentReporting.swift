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

  enum Outcome {
    case done
    /// The peer takes associations, and none of the last reports: what is left was not tried, and is due.
    case givenUp
  }

  /// Associations in a row on which the peer took nothing.
  private static let mostFruitless = 4

  /// All of one peer, by their numbers; each is judged when its turn comes, and settled by itself. One at which its association
  /// ended fails alone, and the others go on another. Throws where the queue cannot be read or written.
  func report(_ numbers: [Int64]) async throws -> Outcome {
    var left = numbers[...]
    var fruitless = 0
    // The first before anybody is called: to look at many objects takes long, and nobody is kept waiting for it.
    while fruitless < Self.mostFruitless, let first = try await nextJudged(of: &left) {
      let count = left.count
      var isConnected = false
      do {
        try await report(first, and: &left, connected: &isConnected)
        return .done
      } catch {
        guard !Task.isCancelled else { return .done }
        logger.notice("storage commitment reports wait: \(error)", metadata: ["peer": "\(first.peerName)"])
        fruitless = left.count < count ? 1 : fruitless + 1
        for number in isConnected ? left.prefix(1) : left { try await archive.commitments.failed(number, "\(error)") }
        left = isConnected ? left.dropFirst() : []
      }
    }
    return left.isEmpty ? .done : .givenUp
  }

  /// `first` and those behind it on one association; `left` keeps what is not settled, beginning with the one in progress.
  private func report(
    _ first: Commitment, and left: inout ArraySlice<Int64>, connected isConnected: inout Bool
  ) async throws {
    let destination: MoveDestination
    switch first.destination {
    case .one(let found): destination = found
    case .unknown: throw OperationError("the peer is gone")
    case .unusable(let why): throw OperationError(why)
    }
    try await calls.withAssociation(
      to: destination, proposing: [Self.context],
      // PS3.4 J.3.3: whoever reports is the SCP, also where it is the requestor.
      roles: [RoleSelection(sopClassUID: UIDRegistry.storageCommitmentPushModel, supportsSCU: false, supportsSCP: true)]
    ) { association in
      isConnected = true
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
  }

  /// The first of them that is still there.
  private func nextJudged(of numbers: inout ArraySlice<Int64>) async throws -> Commitment? {
    while let number = numbers.first {
      if let commitment = try await archive.commitments.judged(number) { return commitment }
      numbers.removeFirst()
    }
    return nil
  }

  /// Also where the peer was gone at once, and the caller's task with it: what it took is not reported again. Throws where the
  /// queue cannot be written.
  func settle(_ commitment: Commitment, status: Status) async throws {
    try await Task { try await note(commitment, answered: status) }.value
  }

  private func note(_ commitment: Commitment, answered status: Status) async throws {
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

// SPDX-License-Identifier: Apache-2.0

/// What became of one object that was to be committed.
package struct CommitmentResult: Sendable, Hashable, Codable {
  /// Failure Reason (0008,1197), PS3.3 C.14.1.1.
  package enum FailureReason: Int, Sendable, Hashable, Codable {
    case processingFailure = 0x0110
    case noSuchObjectInstance = 0x0112
    case classInstanceConflict = 0x0119
    case duplicateTransactionUID = 0x0131
  }

  package let object: ReferencedObject
  /// nil for what is kept and was found whole.
  package let failure: FailureReason?

  package init(_ object: ReferencedObject, failure: FailureReason?) {
    self.object = object
    self.failure = failure
  }
}

/// A storage commitment request that was accepted and is not reported yet.
package struct Commitment: Sendable {
  package let number: Int64
  package let transactionUID: String
  package let results: [CommitmentResult]
  /// Whom to tell, by this title, where it can be called.
  package let destination: MoveDestinationMatch
  package let peerName: String
  /// Who asked.
  package let caller: Caller
  package let attempts: Int
}

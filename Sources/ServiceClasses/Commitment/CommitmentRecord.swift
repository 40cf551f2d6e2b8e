// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
package import DIMSE

/// What the audit says of one storage commitment report: before it goes, what it tells; at last, what the peer answered.
package struct CommitmentRecord: Sendable {
  private let archive: Archive
  private let commitment: Commitment
  private let read: AuditedRead

  /// `destination`: where the report goes.
  package init(of commitment: Commitment, to destination: String, in archive: Archive) {
    self.archive = archive
    self.commitment = commitment
    let failed = commitment.results.count { $0.failure != nil }
    read = archive.audited(
      .commitment, "storage commitment report", as: commitment.caller,
      detail: "transaction \(commitment.transactionUID): \(commitment.results.count - failed) committed, \(failed) not",
      destination: destination)
  }

  /// Sends the report by `body`, which returns the peer's answer. Throws where it cannot be recorded: then nothing was sent.
  package func during(_ body: () async throws -> Status) async throws -> Status {
    let committed = commitment.results.filter { $0.failure == nil }.map(\.object.sopInstanceUID)
    try await read.begin(showing: try await archive.commitments.disclosure(of: committed, to: commitment.caller))
    let status: Status
    do {
      status = try await body()
    } catch {
      let read = read
      try? await Task { try await read.end(.failed, count: 0, remark: "it was not answered: \(error)") }.value
      throw error
    }
    let (isTaken, read) = (status == .success || status.isWarning, read)
    // A peer that hears what it asked for may be gone at once, and this task with it.
    try await Task {
      try await read.end(
        isTaken ? .success : .failed, count: isTaken ? committed.count : 0, remark: isTaken ? nil : "answered \(status)"
      )
    }.value
    return status
  }
}

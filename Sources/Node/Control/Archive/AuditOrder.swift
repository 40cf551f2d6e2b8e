// SPDX-License-Identifier: Apache-2.0

package import Archive

/// What an administrator or privacy officer asks of the audit. Times are seconds since 1970.
package enum AuditOrder: Codable, Sendable {
  /// The newest first; `before` goes on with a listing.
  case list(AuditFilter, before: Int64?, limit: Int)
  /// The oldest first; `after` goes on, and is 0 at the beginning.
  case export(AuditFilter, after: Int64, limit: Int)
  /// As `export`; of a patient's records, the grants that can be about them.
  case report(AuditFilter, after: Int64, limit: Int)
  case viewers(patientID: String, issuer: String?)
  case checkpoint
  /// `retention`: seconds.
  case verify([AuditCheckpoint], retention: Double?)
  case prune(before: Double)
}

package enum AuditAnswer: Codable, Sendable {
  case records([AuditRecord])
  case viewers([AuditViewer])
  case checkpoint(AuditCheckpoint)
  case verification(AuditVerification)
  case pruned(Int)
}

extension ArchiveOperations {
  func perform(_ order: AuditOrder, _ progress: OperationProgress) async throws -> AuditAnswer {
    switch order {
    case .list(let filter, let before, let limit):
      .records(try await auditRecords(filter, before: before, limit: limit))
    case .export(let filter, let after, let limit):
      .records(try await auditExport(filter, after: after, limit: limit))
    case .report(let filter, let after, let limit):
      .records(try await auditReport(filter, after: after, limit: limit))
    case .viewers(let id, let issuer): .viewers(try await viewers(ofPatient: id, issuer: issuer))
    case .checkpoint: .checkpoint(try await auditCheckpoint())
    case .verify(let checkpoints, let retention):
      .verification(try await verifyAudit(checkpoints, retention: retention, progress))
    case .prune(let time): .pruned(try await pruneAudit(before: time))
    }
  }
}

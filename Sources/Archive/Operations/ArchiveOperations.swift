// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// What the operator of an archive does with all of it, while it serves and while it does not.
package struct ArchiveOperations: Sendable {
  let user: Operator
  let directory: String
  let store: FileObjectStore
  let index: SQLiteIndex
  let audit: AuditTrail
  let gate: OperationGate
  let spare: SpareSpace
  let accesses: AccessRecorder
  let now: @Sendable () -> Double

  init(
    user: Operator, directory: String, store: FileObjectStore, index: SQLiteIndex, audit: AuditTrail,
    gate: OperationGate, spare: SpareSpace, accesses: AccessRecorder, now: @escaping @Sendable () -> Double
  ) {
    self.user = user
    self.directory = directory
    self.store = store
    self.index = index
    self.audit = audit
    self.gate = gate
    self.spare = spare
    self.accesses = accesses
    self.now = now
  }
}

extension ArchiveOperations {
  var database: DatabasePool { index.database }

  package func export(
    _ order: ExportOrder, _ progress: OperationProgress = OperationProgress()
  ) async throws -> ExportReport {
    try await OperationThread.run(progress) { try Export(order, of: self, progress).perform() }
  }

  /// What a deletion would take, without taking it.
  package func deletionPreview(_ selection: ArchiveSelection) async throws -> DeletionPreview {
    try await OperationThread.run {
      let (preview, subjects) = try Deletion(of: self).preview(selection)
      let entry = view.entry(
        "deletion previewed", "by \(selection.level)", count: preview.instances, of: subjects)
      // Where the disk is full, deleting is how space comes back, and it begins with looking.
      defer { spare.take() }
      do {
        try spare.during { try database.write { database in _ = try AuditTable.append(entry, in: database) } }
      } catch {
        throw AuditError(error)
      }
      return preview
    }
  }

  package func delete(
    _ selection: ArchiveSelection, _ order: DeletionOrder, _ progress: OperationProgress = OperationProgress()
  ) async throws -> DeletionReport {
    try await OperationThread.run(progress) {
      defer { spare.take() }
      return try spare.during { try Deletion(of: self).perform(selection, order, progress) }
    }
  }

  package func deletions() async throws -> [DeletionListing] {
    try await OperationThread.run { try database.read(TombstoneTable.deletions) }
  }

  package func check(
    _ order: CheckOrder, _ progress: OperationProgress = OperationProgress()
  ) async throws -> CheckReport {
    try await recorded("check") {
      try await OperationThread.run(progress) {
        try gate.during(.check) { try Check(order, of: self, progress).perform() }
      }
    }
  }

  /// Not above zero when a check is due: the first so long after the archive was made.
  package func timeUntilNextCheck(every interval: Duration) async throws -> Duration {
    let finished = try await OperationThread.run {
      try database.read { database in
        try Double.fetchOne(
          database, sql: "SELECT COALESCE(finished_at, (SELECT MIN(arrived_at) FROM arrival)) FROM scrub")
      }
    }
    guard let finished else { return interval }
    let passed = now() - finished
    // A clock that was ahead when the last one ended, and was set right, says nothing about when that was.
    return passed < -60 ? .zero : interval - .seconds(passed)
  }

  package func reindex(_ progress: OperationProgress = OperationProgress()) async throws -> ReindexReport {
    try await recorded("reindex") {
      try await OperationThread.run(progress) {
        try gate.during(.reindex) { try Reindex(of: self, progress).perform() }
      }
    }
  }

  package func backup(
    to path: String, keeping count: Int?, _ progress: OperationProgress = OperationProgress()
  ) async throws -> BackupReport {
    let report = try await recorded("backup", to: path) {
      try await OperationThread.run(progress) {
        try gate.during(.backup) { try Backup(to: path, keeping: count, of: self, progress).perform() }
      }
    }
    // What was deleted meanwhile kept its files for the copy's sake.
    _ = try await OperationThread.run { try Removal(store: store, database: database).perform() }
    return report
  }

  package func statistics() async throws -> ArchiveStatistics {
    try await OperationThread.run { try database.read { try ArchiveStatistics($0, QuarantinedFiles(of: store)) } }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// Takes objects out of the archive: first, in one transaction, their rows go and tombstones stand in their place; then the
/// files go. Killed in between, it is finished by the next start, for the tombstones say what is left to do.
struct Deletion {
  private let operations: ArchiveOperations

  init(of operations: ArchiveOperations) {
    self.operations = operations
  }

  /// Also whose it is.
  func preview(_ selection: ArchiveSelection) throws -> (DeletionPreview, [AuditSubject]) {
    try operations.database.read { database in
      let instances = try SelectionQuery(selection, layout: operations.index.layout, in: database).all(in: database)
      let places = Set(instances.compactMap(\.place))
      let studies = Set(places.map(\.study))
      let preview = DeletionPreview(
        patients: Set(places.map(\.patient)).count, studies: studies.count, series: places.count,
        instances: instances.count, bytes: instances.reduce(0) { $0 + $1.size },
        holds: try LegalHoldTable.holds(onStudies: studies, in: database))
      let subjects = try [AuditSubject](of: instances, in: database).map { subject in
        AuditSubject(
          patientID: subject.patientID, issuer: subject.issuer, studyInstanceUID: subject.studyInstanceUID)
      }
      return (preview, subjects)
    }
  }

  func perform(
    _ selection: ArchiveSelection, _ order: DeletionOrder, _ progress: OperationProgress
  ) throws -> DeletionReport {
    guard !order.reason.allSatisfy(\.isWhitespace) else { throw ArchiveError("a deletion needs a reason: --reason") }
    let report = try operations.database.write { database in
      let instances = try SelectionQuery(selection, layout: operations.index.layout, in: database).all(in: database)
      guard !instances.isEmpty else { throw ArchiveError("there is nothing of that kind in the archive") }
      if let expected = order.expectedInstances, expected != instances.count {
        throw ArchiveError("it is \(instances.count) instances now, not \(expected): look at it again")
      }
      return try take(instances, level: selection.level, order, progress, in: database)
    }
    return DeletionReport(
      number: report.number, instances: report.instances, bytes: report.bytes, filesAreGone: try removeFiles())
  }

  /// One study row, if `condition` still holds for it in the transaction that deletes it; nil where it does not.
  func perform(
    study: Int64, reason: String, _ progress: OperationProgress, if condition: (Database) throws -> Bool
  ) throws -> (instances: Int, bytes: Int)? {
    try operations.database.write { database in
      guard try condition(database) else { return nil }
      let instances = try SelectionQuery(study: study).all(in: database)
      guard !instances.isEmpty else { return nil }
      let taken = try take(instances, level: "study", DeletionOrder(reason: reason), progress, in: database)
      return (taken.instances, taken.bytes)
    }
  }

  /// False while a backup still copies them, or where one could not be removed.
  func removeFiles() throws -> Bool {
    guard !operations.gate.keepsDeletedFiles else { return false }
    return try Removal(store: operations.store, database: operations.database).perform()
  }

  private func take(
    _ instances: [SelectedInstance], level: String, _ order: DeletionOrder, _ progress: OperationProgress,
    in database: Database
  ) throws -> (number: Int, instances: Int, bytes: Int) {
    let places = Set(instances.compactMap(\.place))
    let subjects = try [AuditSubject](of: instances, in: database)
    let holds = try LegalHoldTable.holds(onStudies: Set(places.map(\.study)), in: database)
    if let hold = holds.first {
      throw ArchiveError("legal hold \(hold.number) forbids it (\(hold.what): \(hold.reason)); nothing was deleted")
    }
    let speakers = try SpeakingObject(of: places, operations, in: database)
    let bytes = instances.reduce(0) { $0 + $1.size }
    let number = try TombstoneTable.insertDeletion(
      level: level, order, by: operations.user.name, at: operations.now(), instances: instances.count, bytes: bytes,
      in: database)
    try progress.begin("deleting", total: instances.count)
    for instance in instances {
      try TombstoneTable.insert(instance, deletion: number, in: database)
      try database.cachedStatement(sql: "DELETE FROM difference WHERE instance = ?").execute(arguments: [instance.id])
      for (table, column) in [("instance", "object"), ("arrival", "object")] {
        try database.cachedStatement(sql: "DELETE FROM \(table) WHERE \(column) = ?")
          .execute(arguments: [instance.object.name])
      }
      try progress.advance()
    }
    try IndexTables.prune(places, in: database)
    try speakers.succeed(in: places, database)
    try operations.record(
      .delete, "delete", detail: "deletion \(number), \(level): \(order.reason)", count: instances.count,
      subjects: subjects, in: database)
    return (number, instances.count, bytes)
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// What the index says of a study or series its first object said. When that object is deleted, the next one speaks: a
/// deleted object's name for the patient must not outlive it, and a reindex would say the same.
struct SpeakingObject {
  private let operations: ArchiveOperations
  private let studies: [Int64: Int64]
  private let series: [Int64: Int64]
  /// Whose objects do not agree about their patient.
  private let disputed: Set<Int64>

  /// To be made before the rows go.
  init(of places: Set<SelectedInstance.Place>, _ operations: ArchiveOperations, in database: Database) throws {
    self.operations = operations
    studies = try Self.first("series.received_study", of: Set(places.map(\.receivedStudy)), in: database)
    series = try Self.first("series.id", of: Set(places.map(\.receivedSeries)), in: database)
    disputed = try Set(
      Int64.fetchAll(
        database, sql: "SELECT DISTINCT study FROM difference WHERE study IN (SELECT value FROM json_each(?))",
        arguments: [IndexTables.json(studies.keys)]))
  }

  /// To be called when they are gone.
  func succeed(in database: Database) throws {
    let nextOfStudy = try Self.first("series.received_study", of: Set(studies.keys), in: database)
    for (study, next) in nextOfStudy.sorted(by: { $0.key < $1.key }) {
      let hasAnotherVoice = studies[study] != next
      if hasAnotherVoice, let spoken = try hierarchy(of: next, in: database) {
        try update("study", study, spoken.study, in: database)
        // A correction is laid over what is said now.
        try database.execute(sql: "UPDATE study SET received_demographics = NULL WHERE id = ?", arguments: [study])
        try Placement(layout: operations.index.layout, in: database).place(study: spoken.studyInstanceUID)
      }
      if hasAnotherVoice || disputed.contains(study) { try noteDifferences(in: study, from: next, database) }
    }
    let nextOfSeries = try Self.first("series.id", of: Set(series.keys), in: database)
    for (id, next) in nextOfSeries where series[id] != next {
      guard let spoken = try hierarchy(of: next, in: database) else { continue }
      try update("series", id, spoken.series, in: database)
    }
  }

  /// The earliest instance of each that still has any, as received.
  private static func first(
    _ parent: String, of ids: Set<Int64>, in database: Database
  ) throws -> [Int64: Int64] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT \(parent), MIN(instance.id) FROM series JOIN instance
          ON (instance.series = series.id AND instance.folded_from IS NULL) OR instance.folded_from = series.id
        WHERE \(parent) IN (SELECT value FROM json_each(?)) GROUP BY \(parent)
        """, arguments: [IndexTables.json(ids)])
    return Dictionary(rows.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
  }

  /// Where the others say otherwise of their patient than the first does.
  private func noteDifferences(in study: Int64, from first: Int64, _ database: Database) throws {
    try database.execute(sql: "DELETE FROM difference WHERE study = ?", arguments: [study])
    let others = try Int64.fetchAll(
      database,
      sql: """
        SELECT instance.id FROM series JOIN instance
          ON (instance.series = series.id AND instance.folded_from IS NULL) OR instance.folded_from = series.id
        WHERE series.received_study = ? AND instance.id > ? ORDER BY instance.id
        """, arguments: [study, first])
    let rows = HierarchyRows(layout: operations.index.layout, in: database)
    for instance in others {
      guard let said = try hierarchy(of: instance, in: database) else { continue }
      try rows.noteDifferences(said, study: study, instance: instance)
    }
  }

  /// What the header of its file says; nil where it cannot be read: then the row says what it said.
  private func hierarchy(of instance: Int64, in database: Database) throws -> InstanceRecord.Hierarchy? {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT instance.object, sender, calling, arrived_at, default_issuer
        FROM instance JOIN arrival ON arrival.number = instance.id WHERE instance.id = ?
        """, arguments: [instance])
    guard let row else { return nil }
    let key = ObjectKey(name: row[0])
    guard
      let file = try? Part10File(path: operations.store.path(of: key), stoppingBefore: .pixelData)
    else { return nil }
    return try? InstanceRecord(
      file.dataSet,
      announcement: Announcement(
        sopClassUID: file.dataSet.string(.sopClassUID) ?? "", sopInstanceUID: "",
        transferSyntaxUID: file.transferSyntax.uid, callingAETitle: row[2]),
      object: key, digest: [], size: 0,
      arrival: Arrival(sender: row[1], callingAETitle: row[2], time: row[3], defaultIssuer: row[4]),
      layout: operations.index.layout
    ).hierarchy
  }

  private func update(_ table: String, _ id: Int64, _ values: [String], in database: Database) throws {
    let columns = operations.index.layout.columns(of: table)
    try database.execute(
      sql: "UPDATE \(table) SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")) WHERE id = ?",
      arguments: StatementArguments(values.map(\.databaseValue) + [id.databaseValue]))
  }
}

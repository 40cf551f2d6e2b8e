// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What the index says of a study or series its first object said. When that object is deleted, the next one speaks: a
/// deleted object's name for the patient must not outlive it, and a reindex would say the same.
struct SpeakingObject {
  private let operations: ArchiveOperations
  private let studies: [Int64: Int64]
  private let series: [Int64: Int64]

  /// To be made before the rows go.
  init(of places: Set<SelectedInstance.Place>, _ operations: ArchiveOperations, in database: Database) throws {
    self.operations = operations
    studies = try Self.first("series.received_study", of: Set(places.map(\.receivedStudy)), in: database)
    series = try Self.first("series.id", of: Set(places.map(\.receivedSeries)), in: database)
  }

  /// To be called when they are gone.
  func succeed(in database: Database) throws {
    let nextOfStudy = try Self.first("series.received_study", of: Set(studies.keys), in: database)
    for (study, next) in nextOfStudy.sorted(by: { $0.key < $1.key }) where studies[study] != next {
      guard let spoken = try hierarchy(of: next, in: database) else { continue }
      try update("study", study, spoken.study, in: database)
      // A correction is laid over what is said now.
      try database.execute(
        sql: "UPDATE study SET received_demographics = NULL WHERE id = ?", arguments: [study])
      try Placement(layout: operations.index.layout, in: database).place(study: spoken.studyInstanceUID)
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

  /// nil where its file cannot be read: then the row says what it said.
  private func hierarchy(of instance: Int64, in database: Database) throws -> InstanceRecord.Hierarchy? {
    guard
      let name = try String.fetchOne(
        database, sql: "SELECT object FROM instance WHERE id = ?", arguments: [instance])
    else { return nil }
    let object = StoredObject(ObjectKey(name: name), in: operations.store)
    return try? object.record(layout: operations.index.layout, now: operations.now()).hierarchy
  }

  private func update(_ table: String, _ id: Int64, _ values: [String], in database: Database) throws {
    let columns = operations.index.layout.columns(of: table)
    try database.execute(
      sql: "UPDATE \(table) SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")) WHERE id = ?",
      arguments: StatementArguments(values.map(\.databaseValue) + [id.databaseValue]))
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// What the index says of a study or series its first object said. When that object is deleted, the next one speaks: a
/// deleted object's name for the patient must not outlive it, and a reindex would say the same.
struct SpeakingObject {
  private let store: ObjectStore
  private let studies: [Int64: Int64]
  private let series: [Int64: Int64]

  /// To be made before the rows go.
  init(of places: Set<SelectedInstance.Place>, store: ObjectStore, in database: Database) throws {
    self.store = store
    studies = try Self.first("series.study", of: Set(places.map(\.study)), in: database)
    series = try Self.first("series.id", of: Set(places.map(\.series)), in: database)
  }

  /// To be called when they are gone.
  func succeed(in database: Database) throws {
    let nextOfStudy = try Self.first("series.study", of: Set(studies.keys), in: database)
    for (study, next) in nextOfStudy where studies[study] != next {
      guard let spoken = try hierarchy(of: next, in: database) else { continue }
      try update("study", study, spoken.study, in: database)
    }
    let nextOfSeries = try Self.first("series.id", of: Set(series.keys), in: database)
    for (id, next) in nextOfSeries where series[id] != next {
      guard let spoken = try hierarchy(of: next, in: database) else { continue }
      try update("series", id, spoken.series, in: database)
    }
  }

  /// The earliest instance of each that still has any.
  private static func first(
    _ parent: String, of ids: Set<Int64>, in database: Database
  ) throws -> [Int64: Int64] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT \(parent), MIN(instance.id) FROM instance JOIN series ON series.id = instance.series
        WHERE \(parent) IN (SELECT value FROM json_each(?)) GROUP BY \(parent)
        """, arguments: [IndexTables.json(ids)])
    return Dictionary(rows.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
  }

  /// nil where its file cannot be read: then the row says what it said.
  private func hierarchy(of instance: Int64, in database: Database) throws -> InstanceRecord.Hierarchy? {
    let name = try String.fetchOne(database, sql: "SELECT object FROM instance WHERE id = ?", arguments: [instance])
    guard let name,
      let file = try? Part10File(path: store.path(of: ObjectStore.Key(name: name)), stoppingBefore: .pixelData)
    else { return nil }
    return try? InstanceRecord.hierarchy(
      of: file.dataSet, sopClassUID: file.dataSet.string(.sopClassUID) ?? "")
  }

  private func update(_ table: String, _ id: Int64, _ values: [String: String], in database: Database) throws {
    let columns = values.keys.sorted()
    try database.execute(
      sql: "UPDATE \(table) SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")) WHERE id = ?",
      arguments: StatementArguments(columns.map { values[$0].databaseValue } + [id.databaseValue]))
  }
}

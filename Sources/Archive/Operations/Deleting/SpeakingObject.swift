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
  /// Whether the index was made by an earlier version, which kept less of what is said.
  private let lacksValues: Bool

  /// To be made before the rows go.
  init(of places: Set<SelectedInstance.Place>, _ operations: ArchiveOperations, in database: Database) throws {
    self.operations = operations
    lacksValues = try Bool.fetchOne(database, sql: "SELECT lacks_values FROM node") ?? false
    studies = try Self.first("series.received_study", of: Set(places.map(\.receivedStudy)), in: database)
    series = try Self.first("series.id", of: Set(places.map(\.receivedSeries)), in: database)
    disputed = try Set(
      Int64.fetchAll(
        database, sql: "SELECT DISTINCT study FROM difference WHERE study IN (SELECT value FROM json_each(?))",
        arguments: [IndexTables.json(studies.keys)]))
  }

  /// To be called when they are gone.
  func succeed(in places: Set<SelectedInstance.Place>, _ database: Database) throws {
    let layout = operations.index.layout
    let voices = Voices(layout.voices, in: database)
    try voices.succeed(in: places, layout: layout)
    guard lacksValues else { return }
    let next = try Self.first("series.received_study", of: Set(studies.keys), in: database)
    let nextOfSeries = try Self.first("series.id", of: Set(series.keys), in: database)
    let changed = Set(nextOfSeries.filter { series[$0.key] != $0.value }.keys)
    for (study, first) in next.sorted(by: { $0.key < $1.key }) {
      let own = try Int64.fetchAll(database, sql: "SELECT id FROM series WHERE received_study = ?", arguments: [study])
      guard studies[study] != first || disputed.contains(study) || !changed.isDisjoint(with: own) else { continue }
      // What the index does not know stands in the files.
      var sayings = try voices.sayings(ofStudy: study)
      for instance in sayings.keys {
        if let spoken = try hierarchy(of: instance, in: database) { sayings[instance] = spoken.saying }
      }
      try voices.restate(study: study, sayings, layout: layout)
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

  /// What the header of its file says; nil where it cannot be read: then it said what the index knows.
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
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// The tables that can be rebuilt from the files and their arrival records, those that others refer to first.
enum IndexTables {
  static let all = Array(Schema.indexTables.reversed())

  /// Rows without anything below them go, as received and as shown.
  static func prune(_ places: Set<SelectedInstance.Place>, in database: Database) throws {
    let series = Set(places.flatMap { [$0.receivedSeries, $0.series] })
    let studies = Set(places.flatMap { [$0.receivedStudy, $0.study] })
    let patients = Set(places.flatMap { [$0.receivedPatient, $0.patient] })
    // Twice: a row that is a part of another goes before that one can.
    for _ in 0..<2 {
      for (ids, table, isEmpty) in [(series, "series", emptySeries), (studies, "study", emptyStudy)] {
        let condition = "id IN (SELECT value FROM json_each(?)) AND \(isEmpty)"
        if table == "study" {
          try database.execute(
            sql: "DELETE FROM difference WHERE study IN (SELECT id FROM study WHERE \(condition))",
            arguments: [json(ids)])
        }
        // Said here too, for foreign keys do nothing while a database is restored.
        try database.execute(
          sql: "DELETE FROM \(table)_voice WHERE received IN (SELECT id FROM \(table) WHERE \(condition))",
          arguments: [json(ids)])
        try database.execute(sql: "DELETE FROM \(table) WHERE \(condition)", arguments: [json(ids)])
      }
    }
    try database.execute(
      sql: "DELETE FROM patient WHERE id IN (SELECT value FROM json_each(?)) AND \(emptyPatient)",
      arguments: [json(patients)])
  }

  static let emptySeries = """
    NOT EXISTS (SELECT 1 FROM instance WHERE instance.series = series.id OR instance.folded_from = series.id)
      AND NOT EXISTS (SELECT 1 FROM series AS part WHERE part.folded_into = series.id)
    """
  static let emptyStudy = """
    NOT EXISTS (SELECT 1 FROM series WHERE series.study = study.id)
      AND NOT EXISTS (SELECT 1 FROM series WHERE series.received_study = study.id)
      AND NOT EXISTS (SELECT 1 FROM study AS part WHERE part.folded_into = study.id)
    """
  static let emptyPatient = """
    NOT EXISTS (SELECT 1 FROM study WHERE study.patient = patient.id)
      AND NOT EXISTS (SELECT 1 FROM study WHERE study.received_patient = patient.id)
    """

  /// The tables that are no index, as they stand in the main database: they are never rebuilt.
  static func others(in database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).filter { !all.contains($0) && !$0.hasPrefix("grdb_") }
  }

  /// Puts the rows of another, attached database in the place of this one's; what was deleted since they were made stays
  /// out.
  static func replace(by schema: String, layout: IndexLayout, in database: Database) throws {
    try database.execute(sql: "PRAGMA defer_foreign_keys = ON")
    try keepCanonicalDigests(in: schema, database)
    for table in all.reversed() { try database.execute(sql: "DELETE FROM main.\(table)") }
    for table in all {
      let columns = try database.columns(in: table).map { "\"\($0.name)\"" }.joined(separator: ", ")
      try database.execute(
        sql: "INSERT INTO main.\(table) (\(columns)) SELECT \(columns) FROM \(schema).\(table)")
    }
    let deleted = try SelectionQuery.deleted(in: database)
    guard !deleted.isEmpty else { return }
    for instance in deleted {
      try database.execute(sql: "DELETE FROM main.difference WHERE instance = ?", arguments: [instance.id])
      try database.execute(sql: "DELETE FROM main.instance WHERE id = ?", arguments: [instance.id])
    }
    let places = Set(deleted.compactMap(\.place))
    try prune(places, in: database)
    try Voices(layout.voices, in: database).succeed(in: places, layout: layout)
  }

  /// They follow from the bytes and are dear: those of the same bytes are not found out again.
  private static func keepCanonicalDigests(in schema: String, _ database: Database) throws {
    try database.execute(
      sql: """
        UPDATE \(schema).instance SET canonical_digest = known.canonical_digest FROM main.instance AS known
        WHERE known.id = instance.id AND known.digest = instance.digest AND known.canonical_digest IS NOT NULL
        """)
  }

  static func json(_ ids: some Sequence<Int64>) -> String {
    "[\(ids.map(String.init).joined(separator: ","))]"
  }
}

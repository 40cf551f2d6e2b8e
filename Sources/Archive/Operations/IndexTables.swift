// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// The tables that can be rebuilt from the files and their arrival records, those that others refer to first.
enum IndexTables {
  static let all = ["patient", "study", "series", "instance"]

  /// Rows without anything below them go.
  static func prune(_ places: Set<SelectedInstance.Place>, in database: Database) throws {
    for (table, child, ids) in [
      ("series", "instance", Set(places.map(\.series))), ("study", "series", Set(places.map(\.study))),
      ("patient", "study", Set(places.map(\.patient))),
    ] {
      try database.execute(
        sql: """
          DELETE FROM \(table) WHERE id IN (SELECT value FROM json_each(?))
            AND NOT EXISTS (SELECT 1 FROM \(child) WHERE \(child).\(table) = \(table).id)
          """, arguments: [json(ids)])
    }
  }

  /// The tables that are no index, as they stand in the main database: they are never rebuilt.
  static func others(in database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).filter { !all.contains($0) && !$0.hasPrefix("grdb_") }
  }

  /// Puts the rows of another, attached database in the place of this one's; what was deleted since they were made stays
  /// out.
  static func replace(by schema: String, in database: Database) throws {
    try database.execute(sql: "PRAGMA defer_foreign_keys = ON")
    for table in all.reversed() { try database.execute(sql: "DELETE FROM main.\(table)") }
    for table in all {
      let columns = try database.columns(in: table).map { "\"\($0.name)\"" }.joined(separator: ", ")
      let condition = table == "instance" ? "WHERE object NOT IN (SELECT object FROM main.tombstone)" : ""
      try database.execute(
        sql: "INSERT INTO main.\(table) (\(columns)) SELECT \(columns) FROM \(schema).\(table) \(condition)")
    }
    for (table, child) in [("series", "instance"), ("study", "series"), ("patient", "study")] {
      try database.execute(
        sql: """
          DELETE FROM main.\(table) WHERE NOT EXISTS (SELECT 1 FROM main.\(child) WHERE \(child).\(table) = \(table).id)
          """)
    }
  }

  static func json(_ ids: some Sequence<Int64>) -> String {
    "[\(ids.map(String.init).joined(separator: ","))]"
  }
}

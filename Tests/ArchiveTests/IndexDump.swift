// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

@testable import Archive

/// The index tables as text, row by row.
enum IndexDump {
  /// With the numbers of the rows.
  static func exact(_ test: TestArchive) throws -> [String] {
    try read(test) { database in
      try IndexTables.all.flatMap { table in
        try Row.fetchAll(database, sql: "SELECT * FROM \(table) ORDER BY id").map { "\(table): \($0.description)" }
      }
    }
  }

  /// What each instance is and stands under, whatever the numbers of the rows.
  static func canonical(_ test: TestArchive) throws -> [String] {
    try read(test) { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT instance.*, series.*, study.*, patient.* FROM instance LEFT JOIN series ON series.id = instance.series
            LEFT JOIN study ON study.id = series.study LEFT JOIN patient ON patient.id = study.patient
          """
      ).map { row in
        row.filter { !["id", "series", "study", "patient"].contains($0.0) }.map { "\($0.0)=\($0.1)" }
          .joined(separator: "|")
      }.sorted()
    }
  }

  private static func read(_ test: TestArchive, _ body: (Database) throws -> [String]) throws -> [String] {
    let queue = try DatabaseQueue(path: "\(test.directory)/index.sqlite")
    defer { try? queue.close() }
    return try queue.read(body)
  }
}

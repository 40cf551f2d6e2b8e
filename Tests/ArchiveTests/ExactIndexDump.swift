// SPDX-License-Identifier: Apache-2.0

import GRDB

@testable import Archive

/// The index tables as text, row by row.
enum ExactIndexDump {
  /// With the numbers of the rows.
  static func exact(_ test: TestArchive) throws -> [String] {
    try read(test) { database in
      try IndexTables.all.flatMap { table in
        try Row.fetchAll(database, sql: "SELECT * FROM \(table) ORDER BY 1, 2, 3").map { "\(table): \($0.description)" }
      }
    }
  }

  private static func read(_ test: TestArchive, _ body: (Database) throws -> [String]) throws -> [String] {
    let queue = try test.database()
    defer { try? queue.close() }
    return try queue.read(body)
  }
}

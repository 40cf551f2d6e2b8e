// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Gives the tables the columns of the attributes that the index is to hold. One that is added is empty in the rows that
/// are there until they are indexed again, and the node says so.
enum IndexColumns {
  static func complete(_ layout: IndexLayout, in database: Database) throws {
    var added = false
    var all = layout.columnsByTable
    for table in ["study", "series"] { all["\(table)_voice"] = layout.columns(of: table) }
    for (table, wanted) in all.sorted(by: { $0.key < $1.key }) {
      let present = try Set(database.columns(in: table).map(\.name))
      for column in wanted where !present.contains(column) {
        try database.execute(sql: "ALTER TABLE \(table) ADD COLUMN \(column) TEXT NOT NULL DEFAULT ''")
        added = true
      }
    }
    guard added, try Int64.fetchOne(database, sql: "SELECT 1 FROM instance LIMIT 1") != nil else { return }
    try database.execute(sql: "UPDATE node SET lacks_values = 1")
  }
}

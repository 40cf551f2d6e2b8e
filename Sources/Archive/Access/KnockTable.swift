// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Somebody who asked to be let in and was not. Times are seconds since 1970.
package struct Knock: Sendable {
  package let callingAETitle: String
  package let calledAETitle: String
  package let address: String
  package let reason: String
  package let count: Int
  package let first: Double
  package let last: Double
}

enum KnockTable {
  /// So many different ones are kept: a scanner must not fill the disk.
  private static let limit = 1000

  static func record(_ knocks: [Knock], in database: Database) throws {
    for knock in knocks { try add(knock, in: database) }
    try database.execute(
      sql: "DELETE FROM knock WHERE rowid IN (SELECT rowid FROM knock ORDER BY last DESC LIMIT -1 OFFSET ?)",
      arguments: [limit])
  }

  private static func add(_ knock: Knock, in database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO knock (calling, called, address, reason, count, first, last) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET count = count + excluded.count, last = excluded.last
        """,
      arguments: [
        knock.callingAETitle, knock.calledAETitle, knock.address, knock.reason, knock.count, knock.first, knock.last,
      ])
  }

  static func all(in database: Database) throws -> [Knock] {
    try Row.fetchAll(
      database,
      sql: "SELECT calling, called, address, reason, count, first, last FROM knock ORDER BY last DESC"
    ).map { row in
      Knock(
        callingAETitle: row[0], calledAETitle: row[1], address: row[2], reason: row[3], count: row[4], first: row[5],
        last: row[6])
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// Takes over into a restored database what was recorded after the backup: a restore does not shorten the chain.
struct AuditCarrying {
  enum Outcome: Equatable {
    /// So many records.
    case carried(Int)
    /// There is no audit in the old database, or it is shorter than the backup's.
    case nothing
    /// The two chains have no common end: the old one's records stay in the database that was put aside.
    case diverged
  }

  private let old: String

  init(from old: String) {
    self.old = old
  }

  func perform(into copy: DatabaseQueue) throws -> Outcome {
    try copy.writeWithoutTransaction { database in
      try database.execute(sql: "ATTACH DATABASE ? AS old", arguments: [old])
      defer { try? database.execute(sql: "DETACH DATABASE old") }
      var outcome = Outcome.nothing
      // An earlier version had no audit.
      _ = try RestoreCarrying.attempt(
        Self.needs, RestoreCarrying.age(in: database), in: database, { _ in },
        then: { outcome = try Self.carry(in: database) })
      return outcome
    }
  }

  private static let needs = """
    SELECT \((AuditTable.columns + ["hash"]).joined(separator: ", ")) FROM old.audit;
    SELECT \(AuditTable.subjectColumns.joined(separator: ", ")) FROM old.audit_subject;
    SELECT destination, position FROM old.audit_forwarding
    """

  private static func carry(in database: Database) throws -> Outcome {
    let mine = try AuditTable.head(in: database)
    let last = try Int64.fetchOne(database, sql: "SELECT MAX(number) FROM old.audit") ?? 0
    let position = try Int64.fetchOne(database, sql: "SELECT MAX(position) FROM old.audit_forwarding")
    guard last > mine.number else { return .nothing }
    guard try meets(mine, in: database) else { return .diverged }
    let columns = (AuditTable.columns + ["hash"]).joined(separator: ", ")
    try database.execute(
      sql: "INSERT INTO main.audit (\(columns)) SELECT \(columns) FROM old.audit WHERE number > ?",
      arguments: [mine.number])
    let count = database.changesCount
    let subjects = AuditTable.subjectColumns.joined(separator: ", ")
    try database.execute(
      sql: "INSERT INTO main.audit_subject (\(subjects)) SELECT \(subjects) FROM old.audit_subject WHERE record > ?",
      arguments: [mine.number])
    if position != nil {
      try database.execute(
        sql: "INSERT OR REPLACE INTO main.audit_forwarding SELECT destination, position FROM old.audit_forwarding")
    }
    return .carried(count)
  }

  /// Whether the old chain goes on where this one ends. Where it was pruned up to there, its record of the cut says so.
  private static func meets(_ mine: (number: Int64, hash: [UInt8]), in database: Database) throws -> Bool {
    if mine.number == 0 { return try Int64.fetchOne(database, sql: "SELECT MIN(number) FROM old.audit") == 1 }
    let hash = try Data.fetchOne(
      database, sql: "SELECT hash FROM old.audit WHERE number = ?", arguments: [mine.number])
    return hash.map { Array($0) } == mine.hash
  }
}

// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Takes over into a restored database what the one that it replaces knows and must not be forgotten.
struct RestoreCarrying {
  private let old: String

  struct Outcome {
    /// Whether the old database is what became of the restored one. In one that was begun anew, is an older one or another
    /// archive's, what is not there was not taken away.
    let continues: Bool
    /// The tables of which something could be taken over; one that cannot be read does not keep the others from it.
    let tables: [String]
    /// What the old index has and this one has not, for it would open something: of each kind how many.
    let leftOut: [(kind: String, count: Int)]
  }

  init(from old: String) {
    self.old = old
  }

  func perform(into copy: DatabaseQueue) throws -> Outcome {
    try copy.writeWithoutTransaction { database in
      try database.execute(sql: "ATTACH DATABASE ? AS old", arguments: [old])
      defer { try? database.execute(sql: "DETACH DATABASE old") }
      let continues = try Self.continues(in: database)
      let statements = Self.statements.filter { continues || Self.namedByChance.contains($0.0) }
      var tables = try statements.filter { _, sql in
        try Self.attempt(in: database) { try database.execute(sql: sql) }
      }.map(\.0)
      guard continues else { return Outcome(continues: false, tables: tables, leftOut: []) }
      for (name, carry) in Self.steps where try Self.attempt(in: database, { try carry(database) }) {
        tables.append(name)
      }
      let leftOut = try Self.additions.map { kind, sql in
        var count = 0
        _ = try Self.attempt(in: database) { count = try Int.fetchOne(database, sql: sql) ?? 0 }
        return (kind: kind, count: count)
      }
      return Outcome(continues: true, tables: tables, leftOut: leftOut.filter { $0.count > 0 })
    }
  }

  /// In one transaction; false where the old index has no such table or column, because an earlier version wrote it.
  private static func attempt(in database: Database, _ body: () throws -> Void) throws -> Bool {
    do {
      try database.inTransaction {
        try body()
        return .commit
      }
      return true
    } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
      return false
    }
  }

  private static func continues(in database: Database) throws -> Bool {
    do {
      let head = try AuditTable.head(in: database)
      if let verdict = try AuditLineage.continues(head, in: "old", database) { return verdict }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
      // An earlier version had no audit.
    }
    return try Bool.fetchOne(
      database, sql: "SELECT NOT EXISTS (SELECT 1 FROM main.principal) OR EXISTS (\(still))") ?? false
  }

  /// What is taken over from any index: it is told by keys and moments that no other archive has, and only adds what takes
  /// away.
  private static let namedByChance: Set<String> = ["deletion", "tombstone", "access_grant", "legal_hold"]

  /// What was deleted since the backup is deleted in it too; returns the objects.
  static func applyTombstones(in database: Database) throws -> [String] {
    let objects = try String.fetchAll(
      database, sql: "SELECT object FROM instance JOIN tombstone USING (object)"
    ).filter { ObjectKey(checking: $0) != nil }
    guard !objects.isEmpty else { return [] }
    let instances = try SelectionQuery.deleted(in: database)
    try database.execute(
      sql: """
        DELETE FROM difference WHERE instance IN (SELECT id FROM instance JOIN tombstone USING (object));
        DELETE FROM instance WHERE object IN (SELECT object FROM tombstone);
        DELETE FROM forwarding WHERE arrival IN (SELECT number FROM arrival JOIN tombstone USING (object));
        DELETE FROM repeated_arrival WHERE arrival IN (SELECT number FROM arrival JOIN tombstone USING (object));
        DELETE FROM arrival WHERE object IN (SELECT object FROM tombstone);
        """)
    try IndexTables.prune(Set(instances.compactMap(\.place)), in: database)
    return objects
  }
}

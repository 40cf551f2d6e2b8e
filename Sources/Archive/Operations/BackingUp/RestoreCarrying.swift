// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Takes over into a restored database what the one that it replaces knows and must not be forgotten.
struct RestoreCarrying {
  private let old: String

  struct Outcome {
    /// Whether the old database is what became of the restored one. In one that was begun anew, is an older one or another
    /// archive's, what is not there was not taken away.
    let continues: Bool
    /// The tables of which something could be taken over.
    var tables: [String] = []
    /// What the old index has and this one has not, for it would open something: of each kind how many.
    var leftOut: [(kind: String, count: Int)] = []
    /// What a later version keeps otherwise than this one.
    var misfits: [String] = []
  }

  /// By which version the old database was written.
  enum Age {
    case earlier, same, later
  }

  init(from old: String) {
    self.old = old
  }

  /// Throws where anything of it cannot be read or written.
  func perform(into copy: DatabaseQueue) throws -> Outcome {
    try copy.writeWithoutTransaction { database in
      try database.execute(sql: "ATTACH DATABASE ? AS old", arguments: [old])
      defer { try? database.execute(sql: "DETACH DATABASE old") }
      let age = try Self.age(in: database)
      var outcome = Outcome(continues: try Self.continues(age, in: database))
      for (name, sql) in Self.statements where outcome.continues || Self.namedByChance.contains(name) {
        let isDone = try Self.attempt(sql, age, in: database) { try $0.execute() }
        if isDone { outcome.tables.append(name) } else if age == .later { outcome.misfits.append(name) }
      }
      guard outcome.continues else { return outcome }
      for (name, needs, carry) in Self.steps {
        let isDone = try Self.attempt(needs, age, in: database, { _ in }, then: { try carry(database) })
        if isDone { outcome.tables.append(name) } else if age == .later { outcome.misfits.append(name) }
      }
      for (kind, sql) in Self.additions {
        var count = 0
        _ = try Self.attempt(sql, age, in: database) { count = try Int.fetchOne($0) ?? 0 }
        if count > 0 { outcome.leftOut.append((kind: kind, count: count)) }
      }
      return outcome
    }
  }

  /// In one transaction; false, with nothing done, where the old index has no such table or column because another version
  /// wrote it. That shows when a statement is compiled; what goes wrong later is no matter of versions.
  static func attempt(
    _ sql: String, _ age: Age, in database: Database, _ body: (Statement) throws -> Void,
    then finish: () throws -> Void = {}
  ) throws -> Bool {
    var isForeign = false
    try database.inTransaction {
      let statements = try database.allStatements(sql: sql)
      while let statement = try next(of: statements, age, &isForeign) { try body(statement) }
      guard !isForeign else { return .rollback }
      try finish()
      return .commit
    }
    return !isForeign
  }

  private static func next(of statements: SQLStatementCursor, _ age: Age, _ isForeign: inout Bool) throws -> Statement?
  {
    do { return try statements.next() } catch let error as DatabaseError
      where error.resultCode == .SQLITE_ERROR && age != .same
    {
      isForeign = true
      return nil
    }
  }

  static func age(in database: Database) throws -> Age {
    let known = Set(Schema.migrator.migrations)
    let applied = try Set(String.fetchAll(database, sql: "SELECT identifier FROM old.grdb_migrations"))
    return applied == known ? .same : applied.isSubset(of: known) ? .earlier : .later
  }

  private static func continues(_ age: Age, in database: Database) throws -> Bool {
    let head = try AuditTable.head(in: database)
    // An earlier version had no audit.
    var verdict: Bool?
    _ = try attempt("SELECT number, hash FROM old.audit", age, in: database, { _ in }) {
      verdict = try AuditLineage.continues(head, in: "old", database)
    }
    if let verdict { return verdict }
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
        DELETE FROM contradiction WHERE instance IN (SELECT id FROM instance JOIN tombstone USING (object));
        DELETE FROM instance WHERE object IN (SELECT object FROM tombstone);
        DELETE FROM forwarding WHERE arrival IN (SELECT number FROM arrival JOIN tombstone USING (object));
        DELETE FROM replaced_object WHERE arrival IN (SELECT number FROM arrival JOIN tombstone USING (object));
        DELETE FROM repeated_arrival WHERE arrival IN (SELECT number FROM arrival JOIN tombstone USING (object));
        DELETE FROM arrival WHERE object IN (SELECT object FROM tombstone);
        """)
    let places = Set(instances.compactMap(\.place))
    try IndexTables.prune(places, in: database)
    let layout = IndexLayout(further: try FurtherKeyTable.settled(nil, in: database))
    try IndexColumns.complete(layout, in: database)
    try Voices(layout.voices, in: database).succeed(in: places, layout: layout)
    return objects
  }
}

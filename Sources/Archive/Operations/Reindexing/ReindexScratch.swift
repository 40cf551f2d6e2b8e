// SPDX-License-Identifier: Apache-2.0

import Glibc
import GRDB

/// The database beside the archive's in which an index is built: nothing in it has to survive anything.
struct ReindexScratch: Sendable {
  let path: String
  private let live: String
  private let database: DatabaseQueue

  init(directory: String) throws {
    path = directory + "/reindex.sqlite"
    live = directory + "/index.sqlite"
    Self.sweep(directory: directory)
    let created = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard created >= 0 else { throw FileError("create", path) }
    close(created)
    var configuration = GRDB.Configuration()
    configuration.foreignKeysEnabled = false
    database = try DatabaseQueue(path: path, configuration: configuration)
    try database.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")
    }
    try Schema.migrator.migrate(database)
    try copyWhatIsNoIndex()
  }

  /// What a kill left.
  static func sweep(directory: String) {
    for suffix in ["", "-journal", "-wal", "-shm"] { unlink("\(directory)/reindex.sqlite\(suffix)") }
  }

  func remove() {
    try? database.close()
    for suffix in ["", "-journal", "-wal", "-shm"] { unlink(path + suffix) }
  }

  /// An insertion may ask the other tables: they say here what they say there.
  private func copyWhatIsNoIndex() throws {
    try withLive { database in
      for table in try IndexTables.others(in: database) {
        try database.execute(
          sql: "DELETE FROM main.\(table); INSERT INTO main.\(table) SELECT * FROM live.\(table)")
      }
    }
  }

  private func withLive(_ body: (Database) throws -> Void) throws {
    try database.writeWithoutTransaction { database in
      try database.execute(sql: "ATTACH DATABASE ? AS live", arguments: [live])
      defer { try? database.execute(sql: "DETACH DATABASE live") }
      try database.inTransaction {
        try body(database)
        return .commit
      }
    }
  }

  /// Everything to be looked at, in the order of arrival; files that no arrival record knows come last.
  func list(store: ObjectStore) throws {
    try withLive { database in
      try database.execute(
        sql: """
          CREATE TABLE todo (
            position INTEGER PRIMARY KEY, object TEXT UNIQUE, sender TEXT, calling TEXT, arrived_at REAL,
            is_indexed INTEGER, digest BLOB, size INTEGER
          );
          INSERT INTO todo (object, sender, calling, arrived_at, is_indexed, digest, size)
            SELECT a.object, a.sender, a.calling, a.arrived_at, i.object IS NOT NULL, COALESCE(a.digest, i.digest),
              COALESCE(a.size, i.size)
            FROM live.arrival AS a LEFT JOIN live.instance AS i ON i.object = a.object
            WHERE a.object NOT IN (SELECT object FROM live.tombstone) ORDER BY a.arrived_at, a.rowid;
          INSERT OR IGNORE INTO todo (object, is_indexed, digest, size)
            SELECT object, 1, digest, size FROM live.instance ORDER BY id;
          """)
      for shelf in try ObjectStore.names(in: store.instances).sorted() {
        for file in try ObjectStore.names(in: "\(store.instances)/\(shelf)").sorted() {
          guard let key = ObjectStore.Key(fileName: file) else { continue }
          try database.cachedStatement(
            sql: """
              INSERT OR IGNORE INTO todo (object, is_indexed)
              SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM live.tombstone WHERE object = ?)
              """
          ).execute(arguments: [key.name, key.name])
        }
      }
    }
  }

  func count() throws -> Int {
    try database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM todo") ?? 0 }
  }

  func page(after position: Int64) throws -> [ArrivedObject] {
    try database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM todo WHERE position > ? ORDER BY position LIMIT 256", arguments: [position]
      ).map(ArrivedObject.init)
    }
  }

  /// False for an object that another file holds already.
  func insert(_ record: InstanceRecord, at time: Double) throws -> Bool {
    try database.write { database in
      try InstanceInsertion(record, at: time).perform(in: database) != .alreadyStored
    }
  }

  func insert(_ rows: CarriedRows, isFlagged: Bool) throws {
    try database.write { try rows.insert(in: $0, isFlagged: isFlagged) }
  }

  func unknown(among objects: [ArrivedObject]) throws -> [ArrivedObject] {
    try database.read { database in
      let known = try database.cachedStatement(sql: "SELECT 1 FROM instance WHERE object = ?")
      return try objects.filter { try Int.fetchOne(known, arguments: [$0.key.name]) == nil }
    }
  }
}

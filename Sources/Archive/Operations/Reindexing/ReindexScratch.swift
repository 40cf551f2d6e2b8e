// SPDX-License-Identifier: Apache-2.0

import Glibc
import GRDB

/// The database beside the archive's in which an index is built: nothing in it has to survive anything.
struct ReindexScratch: Sendable {
  let path: String
  private let live: String
  private let layout: IndexLayout
  private let database: DatabaseQueue

  init(directory: String, layout: IndexLayout) throws {
    path = directory + "/reindex.sqlite"
    live = directory + "/index.sqlite"
    self.layout = layout
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
    try database.write { try IndexColumns.complete(layout, in: $0) }
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

  /// An insertion asks the corrections and choices: they say here what they say there.
  private func copyWhatIsNoIndex() throws {
    try withLive { database in
      for table in try IndexTables.others(in: database) {
        try database.execute(
          sql: "DELETE FROM main.\(table); INSERT INTO main.\(table) SELECT * FROM live.\(table)")
      }
    }
  }

  private func withLive<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try database.writeWithoutTransaction { database in
      try database.execute(sql: "ATTACH DATABASE ? AS live", arguments: [live])
      defer { try? database.execute(sql: "DETACH DATABASE live") }
      return try body(database)
    }
  }

  func insert(_ record: InstanceRecord, number: Int64, fault: Int = 0) throws {
    try database.write { database in
      try Self.insert(record, number: number, fault: fault, layout: layout, in: database)
    }
  }

  /// In the place of what may be there under its number: a lost file that came again has another key.
  static func insert(
    _ record: InstanceRecord, number: Int64, fault: Int = 0, layout: IndexLayout, in database: Database
  ) throws {
    for table in ["difference", "contradiction"] {
      try database.execute(sql: "DELETE FROM main.\(table) WHERE instance = ?", arguments: [number])
    }
    try database.execute(sql: "DELETE FROM main.instance WHERE id = ?", arguments: [number])
    try InstanceInsertion(record, layout: layout).insert(number: number, in: database)
    if fault != 0 {
      try database.execute(sql: "UPDATE main.instance SET fault = ? WHERE id = ?", arguments: [fault, number])
    }
  }

  /// The numbers of what the serving index has and this one has not.
  func lacking() throws -> [Int64] {
    try withLive { try Self.lacking(of: "live", in: "main", $0) }
  }

  static func lacking(of live: String, in rebuilt: String, _ database: Database) throws -> [Int64] {
    try Int64.fetchAll(
      database,
      sql: """
        SELECT id FROM \(live).instance AS served WHERE fault = 0
          AND NOT EXISTS (SELECT 1 FROM \(rebuilt).instance AS known
            WHERE known.id = served.id AND known.object = served.object)
        ORDER BY id
        """)
  }
}

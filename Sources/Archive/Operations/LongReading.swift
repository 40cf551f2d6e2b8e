// SPDX-License-Identifier: Apache-2.0

import GRDB

/// A connection of its own on a database, whose statements end as soon as their operation is cancelled: SQLite's checks of a
/// large database take minutes, in one statement.
struct LongReading {
  private let connection: DatabaseQueue
  private let progress: OperationProgress

  init(_ path: String, _ progress: OperationProgress) throws {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    configuration.foreignKeysEnabled = false
    self.init(try DatabaseQueue(path: path, configuration: configuration), progress)
  }

  init(_ connection: DatabaseQueue, _ progress: OperationProgress) {
    self.connection = connection
    self.progress = progress
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    defer { progress.endsNoStatement() }
    do {
      return try connection.read { database in
        // An interrupt counts for what starts while another statement is open: none comes too early.
        let open = try Row.fetchCursor(database, sql: "SELECT 1 UNION ALL SELECT 2")
        return try withExtendedLifetime(open) {
          _ = try open.next()
          try progress.endsStatement { [connection] in connection.interrupt() }
          return try body(database)
        }
      }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
      throw CancellationError()
    }
  }
}

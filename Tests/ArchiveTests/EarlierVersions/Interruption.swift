// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

@testable import Archive

/// A migration that SQLite gives up in the midst, and what the next one makes of what is there.
struct Interruption {
  /// How often SQLite was asked whether to go on: every ten of its instructions.
  let steps: Int
  let wasInterrupted: Bool
  /// Those that stood when it was interrupted.
  let migrations: [String]
  /// By `integrity_check` and `foreign_key_check`, then.
  let faults: [String]
  /// All that is there at the end.
  let text: String

  /// Counts down to the moment.
  private final class Countdown {
    var steps = 0
    var moment: Int?
  }

  static func migrated(_ version: EarlierVersion, after moment: Int?) throws -> Interruption {
    let database = try DatabaseQueue()
    try version.restore(into: database)
    let countdown = Countdown()
    countdown.moment = moment
    let context = Unmanaged.passRetained(countdown)
    defer { context.release() }
    database.writeWithoutTransaction { database in
      sqlite3_progress_handler(
        database.sqliteConnection, 10,
        { context in
          guard let context else { return 0 }
          let countdown = Unmanaged<Countdown>.fromOpaque(context).takeUnretainedValue()
          countdown.steps += 1
          return countdown.steps == countdown.moment ? 1 : 0
        }, context.toOpaque())
    }
    var wasInterrupted = false
    do {
      try Schema.migrator.migrate(database)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
      wasInterrupted = true
    }
    database.writeWithoutTransaction { sqlite3_progress_handler($0.sqliteConnection, 0, nil, nil) }
    let (migrations, faults) = try database.read { database in
      let integrity = try String.fetchAll(database, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
      let foreign = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map(\.description)
      return (try Schema.migrator.completedMigrations(database), integrity + foreign)
    }
    try Schema.migrator.migrate(database)
    return Interruption(
      steps: countdown.steps, wasInterrupted: wasInterrupted, migrations: migrations, faults: faults,
      text: try database.read { try EarlierVersion.text(of: $0) })
  }
}

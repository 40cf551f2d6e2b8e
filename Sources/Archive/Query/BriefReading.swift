// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

/// What is read on a thread that others wait for: statements are interrupted that take longer than a moment.
enum BriefReading {
  /// A row by its key takes a third of that.
  static let longest = Duration.microseconds(250)
  /// Virtual machine instructions between two looks at the clock: some microseconds.
  private static let steps: Int32 = 100

  static func limited<Value>(
    to time: Duration, _ database: Database, _ body: () throws -> Value
  ) throws -> Value {
    // Closed, it has nothing to read.
    guard database.sqliteConnection != nil else { return try body() }
    var end = ContinuousClock.now + time
    return try withUnsafeMutablePointer(to: &end) { end in
      sqlite3_progress_handler(
        database.sqliteConnection, steps,
        { end in
          guard let end = end?.assumingMemoryBound(to: ContinuousClock.Instant.self) else { return 0 }
          return ContinuousClock.now < end.pointee ? 0 : 1
        }, end)
      defer { sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil) }
      return try body()
    }
  }
}

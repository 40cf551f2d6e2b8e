// SPDX-License-Identifier: Apache-2.0

import GRDB

/// When something that failed is tried again: after 5 s, then twice as long each time, up to an hour.
enum QueuePace {
  /// About a week. What was refused so often waits for a person: nothing is thrown away.
  static let mostAttempts = 170

  static func pause(after attempts: Int) -> Double {
    min(5 * Double(1 << min(max(attempts, 1) - 1, 10)), 3600)
  }

  /// `table`: commitment or forwarding.
  static func fail(
    _ table: String, _ number: Int64, _ why: String, at time: Double, in database: Database
  ) throws {
    let attempts =
      try Int.fetchOne(database, sql: "SELECT attempts FROM \(table) WHERE number = ?", arguments: [number]) ?? 0
    let next = attempts + 1 < mostAttempts ? time + pause(after: attempts + 1) : nil
    try database.execute(
      sql: "UPDATE \(table) SET attempts = attempts + 1, next_attempt = ?, last_failure = ? WHERE number = ?",
      arguments: [next, String(why.prefix(300)), number])
  }
}

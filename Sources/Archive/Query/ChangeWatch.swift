// SPDX-License-Identifier: Apache-2.0

import GRDB
import Synchronization

/// Whether anything that decides what a caller may have has changed since it was read. While a change is being committed
/// nothing is unchanged: who asks then has to ask the database.
final class ChangeWatch: TransactionObserver, Sendable {
  private struct State {
    var generation = 0
    var isChanging = false
    var isCommitting = false
    /// What `nextTurn` found, and when it was asked.
    var turn: (generation: Int, asked: Double, at: Double)?
  }

  /// What decides nothing; a table that is not named here is taken to decide.
  private static let indifferent: Set<String> = [
    "knock", "failed_login", "last_access", "commitment", "forwarding", "forwarding_rule", "repeated_arrival", "scrub",
    "audit", "audit_subject", "audit_forwarding",
  ]

  /// What has times by which nobody's sight begins or ends: what became of grants, and codes that nobody redeemed yet.
  private static let timeless: Set<String> = ["grant_event", "access_code"]

  private let state = Mutex(State())

  /// nil while a change is being committed.
  var generation: Int? { state.withLock { $0.isCommitting ? nil : $0.generation } }

  func observes(eventsOfKind kind: DatabaseEventKind) -> Bool { !Self.indifferent.contains(kind.tableName) }

  func databaseDidChange() { state.withLock { $0.isChanging = true } }

  func databaseDidChange(with event: DatabaseEvent) { state.withLock { $0.isChanging = true } }

  func databaseWillCommit() throws { state.withLock { $0.isCommitting = $0.isChanging } }

  func databaseDidCommit(_ database: Database) { end() }

  func databaseDidRollback(_ database: Database) { end() }

  private func end() {
    state.withLock { state in
      if state.isChanging { state.generation &+= 1 }
      state.isChanging = false
      state.isCommitting = false
    }
  }
}

extension ChangeWatch {
  /// When next something that decides begins or ends by itself, seconds since 1970; infinity for never. It is looked up once
  /// for each state of the database.
  fileprivate func nextTurn(after time: Double, _ generation: Int?, in pool: DatabasePool) async throws -> Double {
    let known = state.withLock { $0.turn }
    if let known, known.generation == generation, known.asked <= time, known.at > time { return known.at }
    let next = try await pool.read { try Self.nextTurn(after: time, in: $0) }
    if let generation { state.withLock { $0.turn = (generation, time, next) } }
    return next
  }

  /// Whatever has a time from which, or until which, it holds.
  private static func nextTurn(after time: Double, in database: Database) throws -> Double {
    let columns = try Row.fetchAll(
      database,
      sql: """
        SELECT t.name, c.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
        WHERE t.type = 'table' AND c.name IN ('since', 'until')
        """
    ).filter { !indifferent.contains($0[0]) && !timeless.contains($0[0]) }
    var next = Double.infinity
    for row in columns {
      let (table, column): (String, String) = (row[0], row[1])
      let sql = "SELECT min(\"\(column)\") FROM \"\(table)\" WHERE \"\(column)\" > ?"
      if let at = try Double.fetchOne(database, sql: sql, arguments: [time]) { next = min(next, at) }
    }
    return next
  }
}

extension Archive {
  /// Until when what was read at this moment stays true: while no change is committed, nothing begins or ends by itself, and
  /// for a second. Take it before reading.
  package func moment() async throws -> ReadingMoment {
    let generation = changes.generation
    let time = now()
    let turn = try await changes.nextTurn(after: time, generation, in: database)
    return ReadingMoment(generation: generation, from: time, until: min(time + 1, turn))
  }

  package func isStill(_ moment: ReadingMoment) -> Bool {
    guard let generation = moment.generation, generation == changes.generation else { return false }
    let time = now()
    return time >= moment.from && time < moment.until
  }

  /// Whether something was changed since.
  package func hasChanged(since moment: ReadingMoment) -> Bool { moment.generation != changes.generation }
}

/// When something was read.
package struct ReadingMoment: Sendable {
  fileprivate let generation: Int?
  fileprivate let from: Double
  fileprivate let until: Double
}

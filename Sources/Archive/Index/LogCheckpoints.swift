// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite
import Synchronization

/// Brings SQLite's log into the database while others go on writing. Who writes puts there only what came meanwhile, for a log
/// begins anew once all of it is in the database; by itself it would wait for the disk as long as all of that takes.
final class LogCheckpoints: TransactionObserver, Sendable {
  private enum Step {
    case waiting, running
    /// Most of the log is in the database.
    case ready
    case closed
  }

  private struct State {
    var step = Step.waiting
    /// What was written since the log was in the database, or since that was tried.
    var pages = 0
    var isDue = false
  }

  /// 32 MiB: pages that are written again and again go to the database once.
  static let usualPages = 8_000
  /// Where questions kept some of the log, the rest is tried again so much sooner.
  private static let sooner = 4

  private let connection: DatabaseQueue
  private let pages: Int
  private let state = Mutex(State())

  /// Pages that are in the log when it goes into the database.
  init(path: String, pages: Int) throws {
    var configuration = GRDB.Configuration()
    configuration.label = "collimator.checkpoint"
    connection = try DatabaseQueue(path: path, configuration: configuration)
    self.pages = pages
    // What was never read is not known to have a log.
    _ = try connection.read { try Int.fetchOne($0, sql: "SELECT 1 FROM node") }
  }

  /// The log goes into the database now, or is about to: nobody should keep reading what was before its last page.
  var isDue: Bool { state.withLock { $0.isDue } }

  func observes(eventsOfKind kind: DatabaseEventKind) -> Bool { false }

  func databaseDidChange(with event: DatabaseEvent) {}

  func databaseDidRollback(_ database: Database) {}

  /// On the thread that writes.
  func databaseDidCommit(_ database: Database) {
    var (written, highest) = (CInt(), CInt())
    sqlite3_db_status(database.sqliteConnection, SQLITE_DBSTATUS_CACHE_WRITE, &written, &highest, 1)
    let step = state.withLock { state -> Step in
      state.pages += Int(written)
      if state.step == .waiting, state.pages >= pages {
        (state.step, state.pages, state.isDue) = (.running, 0, true)
        return .running
      }
      return state.step == .ready ? .ready : .waiting
    }
    switch step {
    case .running: begin()
    case .ready: finish(database)
    case .waiting, .closed: break
    }
  }

  private func begin() {
    connection.asyncWriteWithoutTransaction { [self] database in
      // What fails is left to who writes.
      _ = Self.checkpoint(database)
      state.withLock { if $0.step == .running { $0.step = .ready } }
    }
  }

  private func finish(_ database: Database) {
    let isWhole = Self.checkpoint(database)
    state.withLock { state in
      guard state.step == .ready else { return }
      (state.step, state.isDue) = (.waiting, !isWhole)
      state.pages = isWhole ? 0 : pages - pages / Self.sooner
    }
  }

  /// Whether all of the log is in the database. Waits for nobody.
  private static func checkpoint(_ database: Database) -> Bool {
    // Closed meanwhile: the last to close brings in all of it.
    guard let connection = database.sqliteConnection else { return false }
    var (all, done) = (CInt(), CInt())
    let code = sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, &all, &done)
    return code == SQLITE_OK && all == done
  }

  /// Blocks until what was begun is done.
  func close() throws {
    let isClosed = state.withLock { state in
      defer { state.step = .closed }
      return state.step == .closed
    }
    if !isClosed { try connection.close() }
  }
}

// SPDX-License-Identifier: Apache-2.0

import CoreFoundation
import Dispatch
import GRDB
import GRDBSQLite
import Glibc
import Synchronization

/// A thread with a connection of its own. Between two questions it keeps its reading transaction for a moment: while nothing is
/// committed that decides what anybody is answered, a fresh one would read the same, page by page, anew.
final class QueryThread: Sendable {
  private struct State {
    /// What the transaction that is open reads, by the changes that were counted; nil where none is kept.
    var kept: Int?
    var isTimed = false
    var isClosed = false
    var questions = 0
  }

  /// How long it is kept at most: what others wrote meanwhile cannot go from the log into the database.
  private static let keeping = DispatchTimeInterval.milliseconds(100)
  /// After so many questions it is looked at how much their statements hold: whoever asks decides how many there are.
  private static let questionsBetweenLooks = 64
  /// In bytes; more are forgotten, all of them.
  private static let mostOfStatements = 8 << 20

  private let connection: DatabaseQueue
  private let changes: ChangeWatch
  private let checkpoints: LogCheckpoints
  private let state = Mutex(State())

  /// `changes` hears of whatever is written to the database.
  init(number: Int, path: String, changes: ChangeWatch, checkpoints: LogCheckpoints) throws {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    configuration.allowsUnsafeTransactions = true
    configuration.busyMode = .timeout(5)
    configuration.label = "collimator.query.\(number)"
    configuration.qos = .utility
    configuration.prepareDatabase { database in
      // In KiB.
      try database.execute(sql: "PRAGMA cache_size = -8192")
      try ValueListFunction.addAll(to: database)
    }
    connection = try DatabaseQueue(path: path, configuration: configuration)
    self.changes = changes
    self.checkpoints = checkpoints
  }

  /// `body` reads one state of the database: that after so many changes, or nil where one was being committed. `done` is called
  /// with its result before the transaction is over.
  func perform<Value: Sendable>(
    _ body: @escaping @Sendable (Database, Int?) throws -> Value,
    done: @escaping @Sendable (Result<Value, any Error>) -> Void
  ) {
    connection.asyncWriteWithoutTransaction { [self] database in
      do {
        let read = try begin(database)
        let value = try body(database, read)
        done(.success(value))
        finish(read, database)
      } catch {
        Self.end(database)
        done(.failure(error))
      }
      // Of a question that was given up there is a statement too.
      forgetStatements(database)
    }
  }

  /// The same on the thread that this is called on; nil where it failed, or was given up because it took longer than a moment.
  /// For whoever knows that the thread has nothing else to do.
  func perform<Value>(
    within time: Duration = BriefReading.longest, _ body: (Database, Int?) throws -> Value
  ) -> Value? {
    connection.unsafeReentrantWrite { database in
      defer { forgetStatements(database) }
      do {
        return try BriefReading.limited(to: time, database) {
          let read = try begin(database)
          let value = try body(database, read)
          finish(read, database)
          return value
        }
      } catch {
        Self.end(database)
        return nil
      }
    }
  }

  /// Blocks until what it was given before is read.
  func close() throws {
    state.withLock { $0.isClosed = true }
    connection.unsafeRead { release($0) }
    try connection.close()
  }

  /// What the transaction reads.
  private func begin(_ database: Database) throws -> Int? {
    let kept = state.withLock { state in
      defer { state.kept = nil }
      return state.kept
    }
    if let kept, database.isInsideTransaction {
      // Whatever is committed from here on was not when this was asked.
      if changes.generation == kept { return kept }
    }
    Self.end(database)
    let before = changes.generation
    try database.cachedStatement(sql: "BEGIN DEFERRED TRANSACTION").execute()
    // It begins with the first row that is read.
    _ = try Int.fetchOne(database.cachedStatement(sql: "SELECT 1 FROM node"))
    return changes.generation == before ? before : nil
  }

  private func finish(_ read: Int?, _ database: Database) {
    guard let read, !checkpoints.isDue else { return Self.end(database) }
    let (keeps, isFirst) = state.withLock { state in
      guard !state.isClosed else { return (false, false) }
      state.kept = read
      defer { state.isTimed = true }
      return (true, !state.isTimed)
    }
    guard keeps else { return Self.end(database) }
    guard isFirst else { return }
    DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + Self.keeping) { [weak self] in
      self?.connection.asyncWriteWithoutTransaction { [weak self] in self?.release($0) }
    }
  }

  private func release(_ database: Database) {
    state.withLock { state in
      state.kept = nil
      state.isTimed = false
    }
    Self.end(database)
  }

  private func forgetStatements(_ database: Database) {
    let looks = state.withLock { state in
      state.questions = (state.questions + 1) % Self.questionsBetweenLooks
      return state.questions == 0
    }
    guard looks else { return }
    var (used, highest) = (CInt(), CInt())
    sqlite3_db_status(database.sqliteConnection, SQLITE_DBSTATUS_STMT_USED, &used, &highest, 0)
    if used > Self.mostOfStatements { database.releaseMemory() }
  }

  private static func end(_ database: Database) {
    guard database.isInsideTransaction else { return }
    // What only read has nothing to lose.
    do {
      try database.cachedStatement(sql: "COMMIT TRANSACTION").execute()
    } catch {
      try? database.rollback()
    }
  }
}

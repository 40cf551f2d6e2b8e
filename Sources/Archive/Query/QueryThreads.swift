// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite
import Synchronization

/// Threads on which questions are read: few, so that many questions at once leave processors to everybody else, and away
/// from those who ask for rights or peers.
final class QueryThreads: Sendable {
  private let threads: [QueryThread]
  private let loads: Mutex<[Int]>

  init(count: Int = 3, path: String, changes: ChangeWatch, checkpoints: LogCheckpoints) throws {
    threads = try (0..<max(count, 1)).map {
      try QueryThread(number: $0, path: path, changes: changes, checkpoints: checkpoints)
    }
    loads = Mutex(Array(repeating: 0, count: max(count, 1)))
  }

  /// Begins on the thread that has least to do; `body` is told what it reads: see `QueryThread.perform`.
  func begin<Value: Sendable>(
    _ body: @escaping @Sendable (Database, _ read: Int?) throws -> Value
  ) -> QueryReading<Value> {
    let reading = QueryReading<Value>()
    let number = take()
    threads[number].perform { database, read in
      try reading.cancellation.check()
      return try reading.cancellation.watching(database) { try body(database, read) }
    } done: { result in
      self.giveBack(number)
      reading.settle(result)
    }
    return reading
  }

  /// Reads on the thread that this is called on, over the connection of one that has nothing to do; nil where there is none, or
  /// where it takes longer than a moment.
  func readBriefly<Value>(
    within time: Duration = BriefReading.longest, _ body: (Database, _ read: Int?) throws -> Value
  ) -> Value? {
    guard let number = takeIdle() else { return nil }
    defer { giveBack(number) }
    return threads[number].perform(within: time, body)
  }

  /// Blocks until what was asked is read.
  func close() throws {
    // Each, whatever becomes of the others.
    for result in threads.map({ thread in Result { try thread.close() } }) { try result.get() }
  }

  private func take() -> Int {
    loads.withLock { loads in
      let least = loads.indices.min { loads[$0] < loads[$1] } ?? 0
      loads[least] += 1
      return least
    }
  }

  private func takeIdle() -> Int? {
    loads.withLock { loads in
      let idle = loads.firstIndex(of: 0)
      if let idle { loads[idle] = 1 }
      return idle
    }
  }

  private func giveBack(_ thread: Int) {
    loads.withLock { $0[thread] -= 1 }
  }
}

/// What is being read.
final class QueryReading<Value: Sendable>: Sendable {
  private enum State {
    case open
    case awaited(CheckedContinuation<Value, any Error>)
    case settled(Result<Value, any Error>)
  }

  fileprivate let cancellation = Cancellation()
  private let state = Mutex(State.open)

  var isSettled: Bool {
    state.withLock { if case .settled = $0 { true } else { false } }
  }

  /// For one task, and once. A task that is cancelled interrupts the statement that it waits for.
  func value() async throws -> Value {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let settled = state.withLock { state -> Result<Value, any Error>? in
          if case .settled(let result) = state { return result }
          state = .awaited(continuation)
          return nil
        }
        if let settled { continuation.resume(with: settled) }
      }
    } onCancel: {
      cancellation.cancel()
    }
  }

  fileprivate func settle(_ result: Result<Value, any Error>) {
    let waiting = state.withLock { state -> CheckedContinuation<Value, any Error>? in
      defer { state = .settled(result) }
      if case .awaited(let continuation) = state { return continuation }
      return nil
    }
    waiting?.resume(with: result)
  }
}

/// Whether a question was given up, as SQLite asks it.
private final class Cancellation: Sendable {
  /// Virtual machine instructions between two looks: some tens of microseconds.
  private static let steps: Int32 = 4000

  private let isCancelled = Atomic(false)

  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  func check() throws {
    if isCancelled.load(ordering: .relaxed) { throw CancellationError() }
  }

  func watching<Value>(_ database: Database, _ body: () throws -> Value) throws -> Value {
    sqlite3_progress_handler(
      database.sqliteConnection, Self.steps,
      { context in
        guard let context else { return 0 }
        let cancellation = Unmanaged<Cancellation>.fromOpaque(context).takeUnretainedValue()
        return cancellation.isCancelled.load(ordering: .relaxed) ? 1 : 0
      }, Unmanaged.passUnretained(self).toOpaque())
    defer { sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil) }
    return try withExtendedLifetime(self, body)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Dispatch
import GRDB
import GRDBSQLite
import Synchronization

/// Threads on which questions are read: few, so that many questions at once leave processors to everybody else, and away
/// from those who ask for rights or peers. A read there begins without a detour through the pool's own queues.
final class QueryThreads: Sendable {
  private let threads: [DispatchQueue]
  private let loads: Mutex<[Int]>

  init(count: Int = 3) {
    threads = (0..<max(count, 1)).map { DispatchQueue(label: "collimator.query.\($0)", qos: .utility) }
    loads = Mutex(Array(repeating: 0, count: max(count, 1)))
  }

  /// Runs on the thread that has least to do. A task that is cancelled interrupts the statement that it waits for.
  func read<Value: Sendable>(
    _ database: DatabasePool, _ body: @Sendable @escaping (Database) throws -> Value
  ) async throws -> Value {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let thread = take()
        threads[thread].async {
          let result = Result {
            try cancellation.check()
            return try database.read { database in try cancellation.watching(database) { try body(database) } }
          }
          self.giveBack(thread)
          continuation.resume(with: result)
        }
      }
    } onCancel: {
      cancellation.cancel()
    }
  }

  private func take() -> Int {
    loads.withLock { loads in
      let least = loads.indices.min { loads[$0] < loads[$1] } ?? 0
      loads[least] += 1
      return least
    }
  }

  private func giveBack(_ thread: Int) {
    loads.withLock { $0[thread] -= 1 }
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

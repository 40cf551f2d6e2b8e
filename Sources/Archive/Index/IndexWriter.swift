// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Commits instances to the index, as many to a transaction as wait: a lone one waits for none, many share one sync.
actor IndexWriter {
  private typealias Waiting = (record: InstanceRecord, continuation: CheckedContinuation<Receipt.Outcome, any Error>)

  /// Enough to make the sync cheap, few enough that the first of them does not wait long.
  private static let largestBatch = 256

  private let database: DatabasePool
  private let now: @Sendable () -> Double
  private var waiting: [Waiting] = []
  private var isCommitting = false

  init(database: DatabasePool, now: @escaping @Sendable () -> Double) {
    self.database = database
    self.now = now
  }

  /// Returns once the instance's row is on the disk.
  func add(_ record: InstanceRecord) async throws -> Receipt.Outcome {
    try await withCheckedThrowingContinuation { continuation in
      waiting.append((record, continuation))
      guard !isCommitting else { return }
      isCommitting = true
      Task { await commitAll() }
    }
  }

  private func commitAll() async {
    while !waiting.isEmpty {
      let batch = Array(waiting.prefix(Self.largestBatch))
      waiting.removeFirst(batch.count)
      let records = batch.map(\.record)
      let time = now()
      do {
        let outcomes = try await database.write { database in
          try records.map { record in try InstanceInsertion(record, at: time).perform(in: database) }
        }
        for (waiter, outcome) in zip(batch, outcomes) { waiter.continuation.resume(returning: outcome) }
      } catch {
        await commitOneByOne(batch, at: time)
      }
    }
    isCommitting = false
  }

  /// One that cannot be committed must not fail the others.
  private func commitOneByOne(_ batch: [Waiting], at time: Double) async {
    for (record, continuation) in batch {
      do {
        let outcome = try await database.write { try InstanceInsertion(record, at: time).perform(in: $0) }
        continuation.resume(returning: outcome)
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }
}

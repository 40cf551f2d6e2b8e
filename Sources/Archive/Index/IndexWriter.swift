// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB
import Synchronization

/// Commits instances to the index, as many to a transaction as wait: a lone one waits for none, many share one sync.
final class IndexWriter: Sendable {
  private struct Waiting: Sendable {
    let insertion: InstanceInsertion
    let continuation: CheckedContinuation<Result<Addition, IndexError>, Never>
  }

  private struct State: Sendable {
    var waiting: [Waiting] = []
    var isCommitting = false
  }

  /// Enough to make the sync cheap, few enough that the first of them does not wait long.
  private static let largestBatch = 256

  private let database: DatabasePool
  private let layout: IndexLayout
  private let audit: AuditTrail
  private let rules: StandingRules
  private let state = Mutex(State())
  /// Its own: a commit waits for the disk, and to go from thread to thread costs as much as to insert a row.
  private let thread = FileThread(number: -3)

  init(database: DatabasePool, layout: IndexLayout, audit: AuditTrail, rules: StandingRules) {
    self.database = database
    self.layout = layout
    self.audit = audit
    self.rules = rules
  }

  /// Returns once the instance's row is on the disk.
  nonisolated(nonsending) func add(
    _ record: InstanceRecord, compared: [ObjectKey: [UInt8]]
  ) async throws(IndexError) -> Addition {
    let insertion = InstanceInsertion(record, layout: layout, compared: compared, rules: rules)
    return try await withCheckedContinuation { continuation in
      let begins = state.withLock { state in
        state.waiting.append(Waiting(insertion: insertion, continuation: continuation))
        defer { state.isCommitting = true }
        return !state.isCommitting
      }
      if begins { thread.perform { self.commitAll() } }
    }.get()
  }

  private func nextBatch() -> [Waiting]? {
    state.withLock { state in
      let batch = Array(state.waiting.prefix(Self.largestBatch))
      state.waiting.removeFirst(batch.count)
      state.isCommitting = !batch.isEmpty
      return batch.isEmpty ? nil : batch
    }
  }

  private func commitAll() {
    while let batch = nextBatch() {
      switch outcomes(of: batch.map(\.insertion)) {
      case .success(let additions):
        for (waiter, addition) in zip(batch, additions) { waiter.continuation.resume(returning: .success(addition)) }
      case .failure(let error) where error.kind == .impossible && batch.count > 1:
        // One that cannot be committed must not fail the others.
        for waiter in batch {
          let alone = outcomes(of: [waiter.insertion])
          waiter.continuation.resume(returning: alone.flatMap { $0.first.map(Result.success) ?? .failure(error) })
        }
      case .failure(let error):
        for waiter in batch { waiter.continuation.resume(returning: .failure(error)) }
      }
    }
  }

  private func outcomes(of insertions: [InstanceInsertion]) -> Result<[Addition], IndexError> {
    // Who was let in is on the disk before what they stored.
    let (notes, now) = (audit.takeNotes(), audit.now)
    do {
      let (additions, numbers) = try database.write { database in
        let additions = try insertions.map { try $0.perform(in: database) }
        let records = zip(insertions, additions).compactMap { $0.audit($1, at: now()) }
        return (additions, try AuditTable.append(notes.entries + records, in: database))
      }
      audit.settle(notes, numbers)
      return .success(additions)
    } catch {
      audit.giveBack(notes)
      return .failure(IndexError(writing: error))
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB
import Synchronization

/// Commits instances to the index, as many to a transaction as wait: a lone one waits for none, many share one sync.
final class IndexWriter: Sendable {
  private struct Waiting: Sendable {
    let insertion: InstanceInsertion
    let then: @Sendable (Result<Addition, IndexError>) -> Void
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
  /// The writing thread's.
  private let memory = Mutex(InsertionMemory())
  /// Its own: a commit waits for the disk, and to go from thread to thread costs as much as to insert a row.
  private let thread = FileThread(number: -3)

  init(database: DatabasePool, layout: IndexLayout, audit: AuditTrail, rules: StandingRules) {
    self.database = database
    self.layout = layout
    self.audit = audit
    self.rules = rules
  }

  /// `then` is called once the instance's row is on the disk, or is not to be, on the thread that writes.
  func add(
    _ record: InstanceRecord, compared: [ObjectKey: [UInt8]],
    then: @escaping @Sendable (Result<Addition, IndexError>) -> Void
  ) {
    let insertion = InstanceInsertion(record, layout: layout, compared: compared, rules: rules)
    let begins = state.withLock { state in
      state.waiting.append(Waiting(insertion: insertion, then: then))
      defer { state.isCommitting = true }
      return !state.isCommitting
    }
    if begins { thread.perform { self.commitAll() } }
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
        for (waiter, addition) in zip(batch, additions) { waiter.then(.success(addition)) }
      case .failure(let error) where error.kind == .impossible && batch.count > 1:
        // One that cannot be committed must not fail the others.
        for waiter in batch {
          let alone = outcomes(of: [waiter.insertion])
          waiter.then(alone.flatMap { $0.first.map(Result.success) ?? .failure(error) })
        }
      case .failure(let error):
        for waiter in batch { waiter.then(.failure(error)) }
      }
    }
  }

  private func outcomes(of insertions: [InstanceInsertion]) -> Result<[Addition], IndexError> {
    // Who was let in is on the disk before what they stored.
    let (notes, now) = (audit.takeNotes(), audit.now)
    // What fails takes it along.
    var memory: InsertionMemory? = memory.withLock { memory in
      defer { memory = InsertionMemory() }
      return memory
    }
    do {
      let (additions, numbers) = try database.write { database in
        try memory?.begin(in: database)
        let additions = try insertions.map { try $0.perform(in: database, remembering: &memory) }
        try InstanceInsertion.tell(of: additions, in: database)
        let records = zip(insertions, additions).compactMap { $0.audit($1, at: now()) }
        let numbers = try AuditTable.append(notes.entries + records, in: database)
        try memory?.end(in: database)
        return (additions, numbers)
      }
      if let memory { self.memory.withLock { $0 = memory } }
      audit.settle(notes, numbers)
      return .success(additions)
    } catch {
      audit.giveBack(notes)
      return .failure(IndexError(writing: error))
    }
  }
}

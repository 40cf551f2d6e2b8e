// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB
import Synchronization

/// Commits instances to the index, as many to a transaction as wait: a lone one waits for none, many share one sync.
final class IndexWriter: Sendable {
  /// One place in memory: it goes from list to list.
  private final class Waiting: Sendable {
    let insertion: InstanceInsertion
    /// Its bytes; nil where they are kept.
    let keeping: Keeping?
    let then: @Sendable (Result<Addition, IndexError>) -> Void

    init(
      _ insertion: InstanceInsertion, once keeping: Keeping?,
      then: @escaping @Sendable (Result<Addition, IndexError>) -> Void
    ) {
      self.insertion = insertion
      self.keeping = keeping
      self.then = then
    }
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
  /// The one observer that asks for the tables of instances; GRDB would look at all of them each time.
  private let changes: ChangeWatch
  private let state = Mutex(State())
  /// The writing thread's.
  private let memory = Mutex(InsertionMemory())
  /// Its own: a commit waits for the disk, and to go from thread to thread costs as much as to insert a row.
  private let thread = FileThread(number: -3)

  init(
    database: DatabasePool, layout: IndexLayout, audit: AuditTrail, rules: StandingRules, changes: ChangeWatch
  ) {
    self.changes = changes
    self.database = database
    self.layout = layout
    self.audit = audit
    self.rules = rules
  }

  /// `then` is called once the instance's row is on the disk, or is not to be, on the thread that writes. `keeping`: what it
  /// waits for first.
  func add(
    _ record: InstanceRecord, compared: [ObjectKey: [UInt8]], once keeping: Keeping?,
    then: @escaping @Sendable (Result<Addition, IndexError>) -> Void
  ) {
    let insertion = InstanceInsertion(record, layout: layout, compared: compared, rules: rules)
    let begins = state.withLock { state in
      state.waiting.append(Waiting(insertion, once: keeping, then: then))
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

  /// Those that came while a transaction goes on, which can only end when the bytes of its last instance are kept.
  private func more(beside batch: [Waiting]) -> [Waiting] {
    guard let last = batch.last?.keeping, !last.isSettled else { return [] }
    return state.withLock { state in
      let more = Array(state.waiting.prefix(max(Self.largestBatch - batch.count, 0)))
      state.waiting.removeFirst(more.count)
      return more
    }
  }

  private func commitAll() {
    while let batch = nextBatch() { commit(batch) }
  }

  /// `mayGrow`: by those that come meanwhile.
  private func commit(_ batch: [Waiting], mayGrow: Bool = true) {
    var batch = batch
    switch outcomes(of: &batch, mayGrow: mayGrow) {
    case .success(let additions):
      for (waiter, addition) in zip(batch, additions) { waiter.then(.success(addition)) }
    case .failure(let error) where error.kind == .impossible && batch.contains { $0.keeping?.isLost == true }:
      for waiter in batch where waiter.keeping?.isLost == true { waiter.then(.failure(error)) }
      let others = batch.filter { $0.keeping?.isLost != true }
      if !others.isEmpty { commit(others, mayGrow: false) }
    // One that cannot be committed must not fail the others.
    case .failure(let error) where error.kind == .impossible && batch.count > 1:
      for waiter in batch { commit([waiter], mayGrow: false) }
    case .failure(let error):
      for waiter in batch { waiter.then(.failure(error)) }
    }
  }

  /// `batch` becomes as many as there are in the transaction.
  private func outcomes(of batch: inout [Waiting], mayGrow: Bool) -> Result<[Addition], IndexError> {
    let now = audit.now
    var notes: AuditTrail.Notes?
    // What fails takes it along.
    var memory: InsertionMemory? = memory.withLock { memory in
      defer { memory = InsertionMemory() }
      return memory
    }
    do {
      let (additions, numbers) = try database.write { database in
        try memory?.begin(in: database)
        var judged: [JudgedAddition] = []
        while judged.count < batch.count {
          for waiter in batch[judged.count...] {
            judged.append(try waiter.insertion.perform(in: database, remembering: &memory))
          }
          if mayGrow { batch += more(beside: batch) }
        }
        let additions = judged.map(\.addition)
        if additions.contains(where: \.isNewRow) { changes.databaseDidChange() }
        let records = zip(batch, judged).compactMap { $0.insertion.audit($1, at: now()) }
        // Who was let in is on the disk before what they stored: all of these came behind it.
        let before = audit.takeNotes()
        notes = before
        let numbers = try AuditTable.append(before.entries + records, in: database)
        try memory?.end(in: database)
        // Nothing of this is written before all are kept, or known not to be.
        let kept = batch.map { $0.keeping?.wait() }
        for outcome in kept { _ = try outcome?.get() }
        return (additions, numbers)
      }
      if let memory { self.memory.withLock { $0 = memory } }
      if let notes { audit.settle(notes, numbers) }
      return .success(additions)
    } catch {
      if let notes { audit.giveBack(notes, isWritable: error is StoreError) }
      return .failure(IndexError(writing: error))
    }
  }
}

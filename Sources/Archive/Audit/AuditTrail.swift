// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB
import Synchronization

/// Writes records, as many to a transaction as wait, in the order in which they were given. What nobody waits for is on the
/// disk within 100 ms, or with whatever is committed before.
package final class AuditTrail: Sendable {
  fileprivate struct Waiting {
    let entry: AuditEntry
    let receipt: AuditReceipt
    /// It is kept, and tried again, where it cannot be written.
    var isNote = false
    /// Somebody has to wait for it, only later.
    var isAwaited = false
  }

  fileprivate struct State {
    var waiting: [Waiting] = []
    var isWriting = false
    var isScheduled = false
    /// Notes for which there was no room while nothing could be written.
    var lost = 0
    var failure: AuditError?
    var refusals = AuditRefusals()
    var whenIdle: [CheckedContinuation<Void, Never>] = []
    /// How many have taken notes, and have not said yet what became of them.
    var taken = 0
  }

  /// Records in one transaction, and subjects of theirs: whoever else writes waits for it.
  private static let largestBatch = (records: 256, subjects: 4096)
  /// Notes that are kept while nothing can be written.
  private static let mostNotes = 10_000
  private static let delay = Duration.milliseconds(20)
  private static let pause = Duration.seconds(1)

  let database: DatabasePool
  /// What is given up for records on a full disk; nil for nothing.
  let spare: SpareSpace?
  let now: @Sendable () -> Double
  private let state = Mutex(State())

  init(database: DatabasePool, spare: SpareSpace? = nil, now: @escaping @Sendable () -> Double) {
    self.database = database
    self.spare = spare
    self.now = now
  }

  /// Seconds since 1970, by the archive's clock.
  package var time: Double { now() }

  /// Why nothing can be recorded now; nil while all is well.
  package var failure: AuditError? { state.withLock { $0.failure } }

  /// Whether records are being written: what is given now goes with the next of them, and no thread is woken for it.
  package var isWriting: Bool { state.withLock { $0.isWriting } }

  /// Returns the record's number when it is on the disk.
  @discardableResult
  package func record(_ entry: AuditEntry) async throws(AuditError) -> Int64 {
    try await give(entry).number()
  }

  /// The same for whoever has something to do meanwhile: it is being written when this returns.
  package func give(_ entry: AuditEntry) -> AuditReceipt {
    let receipt = AuditReceipt()
    let begins = state.withLock { state in
      state.waiting.append(Waiting(entry: entry, receipt: receipt))
      return state.begin()
    }
    if begins { writeBatch() }
    return receipt
  }

  /// Nobody has to wait for it, or not yet: `isAwaited`.
  @discardableResult
  package func note(_ entry: AuditEntry, isAwaited: Bool = false) -> AuditReceipt {
    let receipt = AuditReceipt()
    let isFirst = state.withLock { state -> Bool? in
      // Those that somebody waits for are as many as are shown something, and no more.
      guard isAwaited || state.waiting.count < Self.mostNotes else {
        state.lost += 1
        return nil
      }
      state.waiting.append(Waiting(entry: entry, receipt: receipt, isNote: true, isAwaited: isAwaited))
      return state.schedule()
    }
    switch isFirst {
    case nil: receipt.settle(.failure(AuditError(because: "too many records wait for it")))
    case true?: wake(after: Self.delay)
    case false?: break
    }
    return receipt
  }

  /// Somebody was turned away before they were known: the same again within a minute is counted.
  func noteRefusal(
    callingAETitle: String, calledAETitle: String, address: String, reason: String, isLogin: Bool
  ) {
    let time = now()
    let refusal = AuditRefusals.Refusal(
      callingAETitle: callingAETitle, calledAETitle: calledAETitle, address: address, reason: reason, isLogin: isLogin)
    note(refusal, at: time)
  }

  /// Somebody from whom no code is taken for a while brought another one.
  func noteRefusal(ofCodeFrom actor: AuditActor, _ reason: String) {
    note(
      AuditRefusals.Refusal(
        callingAETitle: actor.aeTitle, calledAETitle: "", address: actor.address, reason: reason, isLogin: false,
        guesser: actor), at: now())
  }

  private func note(_ refusal: AuditRefusals.Refusal, at time: Double) {
    let entries = state.withLock { $0.refusals.take(refusal, at: time) }
    for entry in entries { note(entry) }
  }

  /// Counted refusals whose minute is over, or all of them, become records.
  package func noteCountedRefusals(all: Bool = false) {
    let time = now()
    let entries = state.withLock { $0.refusals.due(at: time, all: all) }
    for entry in entries { note(entry) }
  }

  /// Returns when all that was given before is written, or cannot be.
  package func flush() async {
    await withCheckedContinuation { continuation in
      let (begins, isIdle) = state.withLock { state in
        if state.isIdle { return (false, true) }
        state.whenIdle.append(continuation)
        return (state.begin(), false)
      }
      if isIdle { continuation.resume() }
      if begins { writeBatch() }
    }
  }

  private func wake(after delay: Duration) {
    Task {
      try? await Task.sleep(for: delay)
      let begins = state.withLock { state in
        state.isScheduled = false
        return !state.waiting.isEmpty && state.begin()
      }
      if begins { writeBatch() }
    }
  }

  /// On the thread that writes, without another one between it and whoever waits. A batch by itself: others write between two.
  private func writeBatch(isFirst: Bool = true) {
    database.asyncWriteWithoutTransaction { [self] database in
      guard let batch = state.withLock({ $0.takeBatch(Self.largestBatch, isFirst: isFirst) }) else {
        if state.withLock({ $0.schedule() }) { wake(after: Self.delay) }
        return
      }
      let (lost, time) = (state.withLock { $0.lost }, now())
      var entries = batch.map(\.entry)
      if lost > 0 { entries.insert(Self.loss(lost, at: time), at: 0) }
      do {
        let numbers = try write(entries, in: database)
        state.withLock { state in
          state.failure = nil
          state.lost -= lost
        }
        for (waiter, number) in zip(batch, numbers.suffix(batch.count)) { waiter.receipt.settle(.success(number)) }
        writeBatch(isFirst: false)
      } catch {
        giveUp(batch, AuditError(error))
      }
    }
  }

  /// The numbers of the records.
  private func write(_ entries: [AuditEntry], in database: Database) throws -> [Int64] {
    let body = {
      var numbers: [Int64] = []
      try database.inTransaction(.immediate) {
        numbers = try AuditTable.append(entries, in: database)
        return .commit
      }
      return numbers
    }
    return try spare.map { try $0.during(body) } ?? body()
  }

  /// Whoever waits is told; what nobody has to wait for is tried again.
  private func giveUp(_ batch: [Waiting], _ error: AuditError) {
    let (all, idle, again) = state.withLock { state in
      state.failure = error
      let all = batch + state.waiting
      let kept = all.filter(\.isNote)
      state.waiting = Array(kept.prefix(Self.mostNotes))
      state.lost += kept.count - state.waiting.count
      state.isWriting = false
      defer { state.whenIdle = [] }
      return (all, state.whenIdle, state.schedule())
    }
    for waiter in all { waiter.receipt.settle(.failure(error)) }
    for continuation in idle { continuation.resume() }
    if again { wake(after: Self.pause) }
  }

  private static func loss(_ count: Int, at time: Double) -> AuditEntry {
    AuditEntry(
      at: time, .audit, "records lost", .failed, by: .node, count: count,
      detail: "so many records for which nobody waited could not be kept while the audit could not be written")
  }
}

extension AuditTrail {
  /// Records for which nobody has to wait.
  struct Notes {
    fileprivate let waiting: [Waiting]

    var entries: [AuditEntry] { waiting.map(\.entry) }
  }

  /// What nobody has to wait for: whoever takes it commits it before its own records and says so, or gives it back.
  func takeNotes() -> Notes {
    state.withLock { state in
      guard state.lost == 0 else { return Notes(waiting: []) }
      let notes = Notes(waiting: state.waiting.filter(\.isNote))
      state.waiting.removeAll(where: \.isNote)
      if !notes.waiting.isEmpty { state.taken += 1 }
      return notes
    }
  }

  /// `numbers`: of the records, in their order, and of those that came behind them.
  func settle(_ notes: Notes, _ numbers: [Int64]) {
    // Whoever wrote them with what is stored has shown that it can be done.
    if !numbers.isEmpty { state.withLock { $0.failure = nil } }
    guard !notes.waiting.isEmpty else { return }
    for (note, number) in zip(notes.waiting, numbers) { note.receipt.settle(.success(number)) }
    let idle = state.withLock { state in
      state.taken -= 1
      return state.takeIdle()
    }
    for continuation in idle { continuation.resume() }
  }

  /// `isWritable`: it was for another reason that they could not be written.
  func giveBack(_ notes: Notes, isWritable: Bool) {
    guard !notes.waiting.isEmpty else { return }
    let isFirst = state.withLock { state in
      state.taken -= 1
      state.waiting.insert(contentsOf: notes.waiting, at: 0)
      return state.schedule()
    }
    if isFirst { wake(after: isWritable ? Self.delay : Self.pause) }
  }
}

extension AuditTrail.State {
  fileprivate mutating func begin() -> Bool {
    defer { isWriting = true }
    return !isWriting
  }

  fileprivate mutating func schedule() -> Bool {
    guard !isScheduled, !waiting.isEmpty else { return false }
    isScheduled = true
    return true
  }

  /// Whether all that was given is written, or cannot be.
  fileprivate var isIdle: Bool { waiting.isEmpty && !isWriting && taken == 0 }

  /// Who waits for that, once it is so.
  fileprivate mutating func takeIdle() -> [CheckedContinuation<Void, Never>] {
    guard isIdle else { return [] }
    defer { whenIdle = [] }
    return whenIdle
  }

  /// Whether more waits than notes, which may wait for others to share their transaction.
  private func isUrgent(_ mostRecords: Int) -> Bool {
    !whenIdle.isEmpty || waiting.count >= mostRecords || waiting.contains { !$0.isNote || $0.isAwaited }
  }

  /// nil when nothing has to be written at once any more, and then nobody writes.
  fileprivate mutating func takeBatch(
    _ most: (records: Int, subjects: Int), isFirst: Bool
  ) -> [AuditTrail.Waiting]? {
    guard !waiting.isEmpty, isFirst || isUrgent(most.records) else {
      isWriting = false
      for continuation in takeIdle() { continuation.resume() }
      return nil
    }
    var subjects = 0
    let batch = Array(
      waiting.prefix(most.records).prefix { waiter in
        defer { subjects += waiter.entry.subjects.count }
        return subjects < most.subjects
      })
    waiting.removeFirst(batch.count)
    return batch
  }
}

/// Why something could not be recorded, and so is not answered.
package struct AuditError: Error, Sendable, CustomStringConvertible {
  package let description: String

  init(_ error: any Error) {
    // Without the statement and its arguments: they may name a patient.
    let words =
      (error as? DatabaseError).map { "\($0.extendedResultCode): \($0.message ?? "SQLite says no more")" }
      ?? "\(type(of: error))"
    self.init(because: words)
  }

  init(because words: String) {
    description = "the audit cannot be written: \(words)"
  }
}

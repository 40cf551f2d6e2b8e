// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB
import Synchronization

/// Writes records, as many to a transaction as wait, in the order in which they were given. What nobody waits for is on the
/// disk within 100 ms, or with whatever is committed before.
package final class AuditTrail: Sendable {
  fileprivate struct Waiting {
    let entry: AuditEntry
    /// nil where nobody waits.
    var continuation: CheckedContinuation<Result<Int64, AuditError>, Never>?
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
  }

  /// Records in one transaction.
  private static let largestBatch = 256
  /// Notes that are kept while nothing can be written.
  private static let mostNotes = 10_000
  private static let delay = Duration.milliseconds(20)
  private static let pause = Duration.seconds(1)

  let database: DatabasePool
  let now: @Sendable () -> Double
  private let state = Mutex(State())

  init(database: DatabasePool, now: @escaping @Sendable () -> Double) {
    self.database = database
    self.now = now
  }

  /// Seconds since 1970, by the archive's clock.
  package var time: Double { now() }

  /// Why nothing can be recorded now; nil while all is well.
  package var failure: AuditError? { state.withLock { $0.failure } }

  /// Returns the record's number when it is on the disk.
  @discardableResult
  package func record(_ entry: AuditEntry) async throws(AuditError) -> Int64 {
    try await withCheckedContinuation { continuation in
      let begins = state.withLock { state in
        state.waiting.append(Waiting(entry: entry, continuation: continuation))
        return state.begin()
      }
      if begins { Task { await writeAll() } }
    }.get()
  }

  /// Nobody waits for it.
  package func note(_ entry: AuditEntry) {
    let isFirst = state.withLock { state in
      guard state.waiting.count < Self.mostNotes else {
        state.lost += 1
        return false
      }
      state.waiting.append(Waiting(entry: entry))
      return state.schedule()
    }
    if isFirst { wake(after: Self.delay) }
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
        if state.waiting.isEmpty, !state.isWriting { return (false, true) }
        state.whenIdle.append(continuation)
        return (state.begin(), false)
      }
      if isIdle { continuation.resume() }
      if begins { Task { await writeAll() } }
    }
  }

  private func wake(after delay: Duration) {
    Task {
      try? await Task.sleep(for: delay)
      let begins = state.withLock { state in
        state.isScheduled = false
        return !state.waiting.isEmpty && state.begin()
      }
      if begins { await writeAll() }
    }
  }

  private func writeAll() async {
    while let batch = state.withLock({ $0.takeBatch(Self.largestBatch) }) {
      let (lost, time) = (state.withLock { $0.lost }, now())
      var entries = batch.map(\.entry)
      if lost > 0 { entries.insert(Self.loss(lost, at: time), at: 0) }
      do {
        let all = entries
        let numbers = try await database.write { try AuditTable.append(all, in: $0) }
        state.withLock { state in
          state.failure = nil
          state.lost -= lost
        }
        for (waiter, number) in zip(batch, numbers.suffix(batch.count)) {
          waiter.continuation?.resume(returning: .success(number))
        }
      } catch {
        giveUp(batch, AuditError(error))
        return
      }
    }
  }

  /// Whoever waits is told; what nobody waits for is tried again.
  private func giveUp(_ batch: [Waiting], _ error: AuditError) {
    let notes = batch.filter { $0.continuation == nil }
    let (others, idle, again) = state.withLock { state in
      state.failure = error
      let others = state.waiting.filter { $0.continuation != nil }
      let kept = (notes + state.waiting.filter { $0.continuation == nil })
      state.waiting = Array(kept.prefix(Self.mostNotes))
      state.lost += kept.count - state.waiting.count
      state.isWriting = false
      defer { state.whenIdle = [] }
      return (others, state.whenIdle, state.schedule())
    }
    for waiter in batch + others { waiter.continuation?.resume(returning: .failure(error)) }
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
  /// What waits and nobody waits for: whoever takes it commits it before its own records, or gives it back.
  func takeNotes() -> [AuditEntry] {
    state.withLock { state in
      guard state.lost == 0 else { return [] }
      defer { state.waiting.removeAll { $0.continuation == nil } }
      return state.waiting.filter { $0.continuation == nil }.map(\.entry)
    }
  }

  func giveBack(_ entries: [AuditEntry]) {
    guard !entries.isEmpty else { return }
    let isFirst = state.withLock { state in
      state.waiting.insert(contentsOf: entries.map { Waiting(entry: $0) }, at: 0)
      return state.schedule()
    }
    if isFirst { wake(after: Self.pause) }
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

  /// nil when nothing waits any more, and then nobody writes.
  fileprivate mutating func takeBatch(_ most: Int) -> [AuditTrail.Waiting]? {
    guard !waiting.isEmpty else {
      isWriting = false
      for continuation in whenIdle { continuation.resume() }
      whenIdle = []
      return nil
    }
    let batch = Array(waiting.prefix(most))
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
    description = "the audit cannot be written: \(words)"
  }
}

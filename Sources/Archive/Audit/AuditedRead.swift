// SPDX-License-Identifier: Apache-2.0

package import Access
import Synchronization

/// One query or retrieval, from its first row to its last. While records cannot be written nothing of it is shown.
///
/// What an answer goes on with is told by records of its own: how it ended does not say it again, for an answer may be about a
/// hundred thousand studies. Of a retrieval the last record says what went, which may be less than what it began with.
package final class AuditedRead: Sendable {
  private struct State {
    var entry: AuditEntry
    /// The record that it began.
    var beginning: AuditReceipt?
    /// What the entry is about, to be looked up.
    private var subjects: Set<AuditSubject> = []
    private var grants: Set<Int> = []

    init(_ entry: AuditEntry) {
      self.entry = entry
      subjects = Set(entry.subjects)
      grants = Set(entry.grants)
    }

    mutating func include(_ disclosure: AuditDisclosure) {
      if entry.kind == .query {
        entry.subjects = disclosure.subjects
      } else {
        for subject in disclosure.subjects where subjects.insert(subject).inserted { entry.subjects.append(subject) }
      }
      guard !grants.isSuperset(of: disclosure.grants) else { return }
      grants.formUnion(disclosure.grants)
      entry.grants = grants.sorted()
    }
  }

  private let trail: AuditTrail
  private let state: Mutex<State>

  init(_ entry: AuditEntry, trail: AuditTrail) {
    self.trail = trail
    state = Mutex(State(entry))
  }

  /// Why nothing can be recorded now, and so nothing may be shown before it is; nil while all is well.
  package var failure: AuditError? { trail.failure }

  /// Whether what is given now wakes no thread.
  package var isCheap: Bool { trail.isWriting }

  /// Returns when it is on the disk that this began, and what it is about.
  package func begin(showing disclosure: AuditDisclosure) async throws(AuditError) {
    _ = try await beginning(showing: disclosure).number()
  }

  /// The same, written meanwhile.
  package func beginning(showing disclosure: AuditDisclosure) -> AuditReceipt {
    let entry = state.withLock { state in
      state.include(disclosure)
      return state.entry.with(.began, at: trail.now())
    }
    let receipt = trail.give(entry)
    state.withLock { $0.beginning = receipt }
    return receipt
  }

  /// More is shown than it began with; it is on the disk within 100 ms. Waits until the beginning is.
  @discardableResult
  package func goOn(showing disclosure: AuditDisclosure) async throws(AuditError) -> AuditReceipt {
    if let failure = trail.failure { throw failure }
    let began = try await state.withLock(\.beginning)?.number()
    let entry = state.withLock { state in
      var part = state.entry.with(.began, at: trail.now())
      part.subjects = disclosure.subjects
      part.grants = Set(disclosure.grants).sorted()
      part.began = began
      state.include(disclosure)
      return part
    }
    return trail.note(entry, isAwaited: true)
  }

  /// Returns when it is on the disk how it ended. `disclosure`: what was not said before; `subjects`: where it is known
  /// better now what was shown.
  package func end(
    _ outcome: AuditOutcome, count: Int?, showing disclosure: AuditDisclosure = .nothing,
    only subjects: [AuditSubject]? = nil, remark: String? = nil
  ) async throws(AuditError) {
    // Where that could not be written, this may be all the same.
    let began = try? await state.withLock(\.beginning)?.number()
    let entry = entry(outcome, count, disclosure, only: subjects, remark, began: began)
    try await trail.record(entry)
  }

  /// Of what is told at once, with nothing before it; written meanwhile.
  package func ending(_ outcome: AuditOutcome, count: Int?, showing disclosure: AuditDisclosure) -> AuditReceipt {
    trail.give(entry(outcome, count, disclosure, only: nil, nil, began: nil))
  }

  private func entry(
    _ outcome: AuditOutcome, _ count: Int?, _ disclosure: AuditDisclosure, only subjects: [AuditSubject]?,
    _ remark: String?, began: Int64?
  ) -> AuditEntry {
    state.withLock { state in
      state.include(disclosure)
      var entry = state.entry.with(outcome, at: trail.now())
      if let subjects { entry.subjects = subjects }
      entry.count = count
      entry.began = began
      if let remark { entry.detail += entry.detail.isEmpty ? remark : "; \(remark)" }
      return entry
    }
  }
}

/// What somebody was shown, and which grants opened it, as it stood when it was read.
package struct AuditDisclosure: Sendable, Equatable {
  package var subjects: [AuditSubject]
  package var grants: [Int]

  package init(subjects: [AuditSubject], grants: [Int]) {
    self.subjects = subjects
    self.grants = grants
  }

  package static let nothing = AuditDisclosure(subjects: [], grants: [])
}

extension AuditEntry {
  fileprivate func with(_ outcome: AuditOutcome, at time: Double) -> AuditEntry {
    var entry = self
    entry.outcome = outcome
    entry.time = time
    return entry
  }
}

extension Archive {
  /// A question or a retrieval that a caller asks for. `detail`: in words; `identifier`: as it came.
  package func audited(
    _ kind: AuditKind, _ act: String, as caller: Caller, detail: String, identifier: [UInt8]? = nil,
    destination: String? = nil
  ) -> AuditedRead {
    audited(
      AuditEntry(at: audit.now(), kind, act, by: AuditActor(caller), destination: destination, detail: detail),
      identifier)
  }

  /// The same for what an operator asks.
  package func audited(
    _ kind: AuditKind, _ act: String, by user: Operator, detail: String, identifier: [UInt8]? = nil
  ) -> AuditedRead {
    audited(AuditEntry(at: audit.now(), kind, act, by: AuditActor(user), detail: detail), identifier)
  }

  private func audited(_ entry: AuditEntry, _ identifier: [UInt8]?) -> AuditedRead {
    var entry = entry
    entry.identifier = identifier
    return AuditedRead(entry, trail: audit)
  }
}

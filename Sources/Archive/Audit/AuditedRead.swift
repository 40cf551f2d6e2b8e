// SPDX-License-Identifier: Apache-2.0

package import Access
import Synchronization

/// One query or retrieval, from its first row to its last. Nothing of it is shown before a record that covers it is on the
/// disk; where none can be written, nothing is shown.
package final class AuditedRead: Sendable {
  private struct State {
    var entry: AuditEntry
    /// The number of the record that it began.
    var began: Int64?
    /// What the entry is about, to be looked up: an answer may be about a hundred thousand studies.
    private var subjects: Set<AuditSubject> = []
    private var grants: Set<Int> = []

    init(_ entry: AuditEntry) {
      self.entry = entry
      subjects = Set(entry.subjects)
      grants = Set(entry.grants)
    }

    mutating func include(_ disclosure: AuditDisclosure) {
      for subject in disclosure.subjects where subjects.insert(subject).inserted { entry.subjects.append(subject) }
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

  /// Returns when it is on the disk that this began, and what it is about.
  package func begin(showing disclosure: AuditDisclosure) async throws(AuditError) {
    let entry = state.withLock { state in
      state.include(disclosure)
      return state.entry.with(.began, at: trail.now())
    }
    let number = try await trail.record(entry)
    state.withLock { $0.began = number }
  }

  /// More is shown than it began with; it is on the disk within 100 ms.
  package func goOn(showing disclosure: AuditDisclosure) throws(AuditError) {
    if let failure = trail.failure { throw failure }
    let entry = state.withLock { state in
      var part = state.entry.with(.began, at: trail.now())
      part.subjects = disclosure.subjects
      part.grants = Set(disclosure.grants).sorted()
      part.began = state.began
      state.include(disclosure)
      return part
    }
    trail.note(entry)
  }

  /// Returns when it is on the disk how it ended. `disclosure`: what was not said before; `subjects`: where it is known
  /// better now what was shown.
  package func end(
    _ outcome: AuditOutcome, count: Int?, showing disclosure: AuditDisclosure = .nothing,
    only subjects: [AuditSubject]? = nil, remark: String? = nil
  ) async throws(AuditError) {
    let entry = state.withLock { state in
      state.include(disclosure)
      var entry = state.entry.with(outcome, at: trail.now())
      if let subjects { entry.subjects = subjects }
      entry.count = count
      entry.began = state.began
      if let remark { entry.detail += entry.detail.isEmpty ? remark : "; \(remark)" }
      return entry
    }
    try await trail.record(entry)
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

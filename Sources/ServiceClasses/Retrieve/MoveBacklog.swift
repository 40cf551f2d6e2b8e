// SPDX-License-Identifier: Apache-2.0

import Archive
import Synchronization

/// What is left of a batch, shared by the associations on which it is sent.
final class MoveBacklog: Sendable {
  struct Entry: Sendable {
    let instance: ServedInstance
    /// Associations that ended before its answer came.
    var failures = 0

    var hasFailed: Bool { failures > 0 }
  }

  /// So many, and it is accounted for as failed.
  static let mostFailures = 2

  private struct State {
    /// In the reverse of the order in which they are sent.
    var left: [Entry]
    var wasReached = false
    var isRejected = false
    var trouble: (any Error)?
  }

  private let state: Mutex<State>

  init(_ instances: [ServedInstance]) {
    state = Mutex(State(left: instances.reversed().map { Entry(instance: $0) }))
  }

  var count: Int { state.withLock(\.left.count) }

  /// The next; nil where there is none, or none that may go beside others.
  func take(alone: Bool = true) -> Entry? {
    state.withLock { state in
      guard let next = state.left.last, alone || !next.hasFailed else { return nil }
      return state.left.popLast()
    }
  }

  /// It was not begun.
  func giveBack(_ entry: Entry) { state.withLock { $0.left.append(entry) } }

  /// Its association ended: it comes behind all others. False where that happened too often.
  func putBack(_ entry: Entry) -> Bool {
    var failed = entry
    failed.failures += 1
    guard failed.failures < Self.mostFailures else { return false }
    state.withLock { [failed] in $0.left.insert(failed, at: 0) }
    return true
  }

  /// An association with the destination came about.
  var wasReached: Bool { state.withLock(\.wasReached) }
  func noteReached() { state.withLock { $0.wasReached = true } }

  /// Why none did.
  var whyUnreached: String {
    state.withLock { $0.isRejected ? "the destination rejects associations" : "the destination cannot be reached" }
  }

  /// The destination is there, and wants no association.
  func noteRejected() { state.withLock { $0.isRejected = true } }

  /// What keeps objects from being prepared, whatever the destination does.
  var trouble: (any Error)? { state.withLock(\.trouble) }
  func note(_ trouble: any Error) { state.withLock { $0.trouble = $0.trouble ?? trouble } }
}

/// Of one association: whether it came about, how many objects it settled, and which it left.
final class MoveCourse: Sendable {
  private struct State {
    var isConnected = false
    /// It is being released.
    var isParting = false
    var settled = 0
    var unanswered: [MoveBacklog.Entry] = []
  }

  private let state = Mutex(State())

  /// On an association on which nothing may be broken off.
  var isAtWork: Bool { state.withLock { $0.isConnected && !$0.isParting } }

  func begin() { state.withLock { $0 = State() } }
  func accept() { state.withLock { $0.isConnected = true } }
  func part() { state.withLock { $0.isParting = true } }
  func settle() { state.withLock { $0.settled += 1 } }
  /// It ends before the answer to this came.
  func leave(_ entry: MoveBacklog.Entry) { state.withLock { $0.unanswered.append(entry) } }

  @discardableResult
  func end() -> (wasAccepted: Bool, settled: Int, unanswered: [MoveBacklog.Entry]) {
    state.withLock { state in
      defer { state = State() }
      return (state.isConnected, state.settled, state.unanswered)
    }
  }
}

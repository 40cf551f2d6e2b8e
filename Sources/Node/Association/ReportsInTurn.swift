// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The storage commitment reports that one association hears: one at a time, however many requests it made. Of those that wait
/// nothing is held but their numbers.
final class ReportsInTurn: Sendable {
  private struct State {
    var isGoing = false
    var waiting: [Int64] = []
  }

  private let state = Mutex(State())

  /// Whether it is the caller who reports this one, and what `next` gives; it has its turn otherwise.
  func begin(_ number: Int64) -> Bool {
    state.withLock { state in
      guard !state.isGoing else {
        state.waiting.append(number)
        return false
      }
      state.isGoing = true
      return true
    }
  }

  /// What came while the last was reported; all of it, in the order in which it came. Empty where nothing did: the next that
  /// begins reports itself.
  func next() -> [Int64] {
    state.withLock { state in
      defer { state.waiting = [] }
      state.isGoing = !state.waiting.isEmpty
      return state.waiting
    }
  }
}

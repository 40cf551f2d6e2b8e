// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What is being told or sent at this moment: a page of answers, an object. Whoever takes something away from somebody waits
/// until what was begun before is handed out: what is begun later asks the grants as they are now.
package final class Disclosures: Sendable {
  private struct State {
    var last = 0
    var open: Set<Int> = []
    var waiters = 0
    /// Whoever waits for all up to a number.
    var waiting: [Int: (last: Int, over: AsyncStream<Never>.Continuation)] = [:]

    func isOver(upTo last: Int) -> Bool { !open.contains { $0 <= last } }
  }

  private let state = Mutex(State())

  /// One of them; it ends with whoever holds it, if not before.
  package final class Disclosure: Sendable {
    private let number: Int
    private let all: Disclosures

    fileprivate init(_ number: Int, of all: Disclosures) {
      self.number = number
      self.all = all
    }

    deinit { end() }

    /// It is on its way, or will not be told; once more does no harm.
    package func end() { all.end(number) }
  }

  /// Call it before the grants are asked whether it may be told.
  package func begin() -> Disclosure {
    let number = state.withLock { state in
      state.last += 1
      state.open.insert(state.last)
      return state.last
    }
    return Disclosure(number, of: self)
  }

  /// Returns when all that was begun before is over; after this time whatever is not: one whose receiver reads slowly is on
  /// the wire already.
  func settle(within time: Duration) async {
    let (stream, over) = AsyncStream.makeStream(of: Never.self)
    let waiter = state.withLock { state in
      state.waiters += 1
      state.waiting[state.waiters] = (state.last, over)
      if state.isOver(upTo: state.last) { over.finish() }
      return state.waiters
    }
    let deadline = Task {
      try await Task.sleep(for: time)
      over.finish()
    }
    for await _ in stream {}
    deadline.cancel()
    state.withLock { _ = $0.waiting.removeValue(forKey: waiter) }
  }

  private func end(_ number: Int) {
    state.withLock { state in
      state.open.remove(number)
      for waiter in state.waiting.values where state.isOver(upTo: waiter.last) { waiter.over.finish() }
    }
  }
}

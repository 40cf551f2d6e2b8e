// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What is being told or sent at this moment: a page of answers, an object. Whoever takes something away from somebody waits
/// until what was begun before is handed out: what is begun later asks the grants as they are now.
package final class Disclosures: Sendable {
  private struct State {
    var last = 0
    /// What the grants were asked about, and is not handed out yet.
    var open: Set<Int> = []
    /// Of these, what goes out at this moment.
    var going: Set<Int> = []
    /// What the grants were asked about before something was taken away, and does not go out yet.
    var stale: Set<Int> = []
    var waiters = 0
    /// Whoever waits for all up to a number.
    var waiting: [Int: (last: Int, over: AsyncStream<Never>.Continuation)] = [:]

    func isOver(upTo last: Int) -> Bool { !open.contains { $0 <= last } }

    mutating func begin() -> Int {
      last += 1
      open.insert(last)
      return last
    }

    mutating func end(_ number: Int) {
      open.remove(number)
      going.remove(number)
      stale.remove(number)
      for waiter in waiting.values where isOver(upTo: waiter.last) { waiter.over.finish() }
    }
  }

  private let state = Mutex(State())

  /// One of them; it ends with whoever holds it, if not before.
  package final class Disclosure: Sendable {
    /// `askedAt`: nil where the grants were asked for the second time, right before it goes.
    private let state: Mutex<(number: Int, askedAt: ContinuousClock.Instant?)>
    private let all: Disclosures
    /// A grant may end by itself.
    private static let freshness = Duration.seconds(1)

    fileprivate init(_ number: Int, of all: Disclosures) {
      state = Mutex((number, .now))
      self.all = all
    }

    deinit { end() }

    /// Call it when nothing keeps the first byte from going out: whether it may go by what the grants said. Where they may say
    /// something else by now it may not: it is begun anew then, and they are to be asked anew.
    package func mayGo() -> Bool {
      state.withLock { state in
        let isOld = state.askedAt.map { $0.duration(to: .now) > Self.freshness } ?? false
        guard !all.mayGo(&state.number, isOld: isOld) else { return true }
        state.askedAt = nil
        return false
      }
    }

    /// It is on its way, or will not be told; once more does no harm.
    package func end() { all.end(state.withLock { $0.number }) }
  }

  /// Whether somebody waits for what is not handed out yet.
  var isAwaited: Bool {
    state.withLock { state in state.waiting.values.contains { !state.isOver(upTo: $0.last) } }
  }

  /// Call it before the grants are asked whether it may be told.
  package func begin() -> Disclosure {
    Disclosure(state.withLock { $0.begin() }, of: self)
  }

  private func mayGo(_ number: inout Int, isOld: Bool) -> Bool {
    state.withLock { state in
      if state.going.contains(number) { return true }
      guard state.stale.remove(number) != nil || isOld else {
        if state.open.contains(number) { state.going.insert(number) }
        return true
      }
      // Whoever waits for it waits for what is asked from now on no more than for what is over.
      let before = number
      number = state.begin()
      state.end(before)
      return false
    }
  }

  /// Returns when all that was begun before is over; after this time whatever is not: what goes out to a receiver that reads
  /// slowly is on the wire already, and what waits behind it asks the grants anew before it goes.
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
    state.withLock { state in
      guard let last = state.waiting.removeValue(forKey: waiter)?.last else { return }
      let left = state.open.subtracting(state.going).filter { $0 <= last }
      state.open.subtract(left)
      state.stale.formUnion(left)
    }
  }

  private func end(_ number: Int) {
    state.withLock { state in
      state.end(number)
    }
  }
}

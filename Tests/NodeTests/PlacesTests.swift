// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Node

/// What goes on at the same time has a bound, in all and for each peer.
@Suite struct PlacesTests {
  @Test func whoFindsNoneIsToldSo() {
    let places = Places(all: 3, perPeer: 2)
    #expect(places.take(for: "A") && places.take(for: "A") && !places.take(for: "A"))
    #expect(places.take(for: "B") && !places.take(for: "C") && !places.take(for: "B"))
    places.giveBack(for: "A")
    #expect(places.take(for: "C") && !places.take(for: "A"))
  }

  /// First come, first served; who waits for a peer that is full keeps nobody else, and may stop waiting.
  @Test(.timeLimit(.minutes(15))) func whoWaitsHasATurn() async throws {
    let places = Places(all: 4, perPeer: 2)
    #expect(places.take(for: "A") && places.take(for: "A"))
    let given = Task { try await places.during(for: "A") {} }
    given.cancel()
    await #expect(throws: CancellationError.self) { try await given.value }
    let done = Mutex<[String]>([])
    let first = Task { try await places.during(for: "A") { done.withLock { $0.append("A") } } }
    try await places.during(for: "B") { done.withLock { $0.append("B") } }
    places.giveBack(for: "A")
    try await first.value
    #expect(done.withLock(\.self) == ["B", "A"])
    places.giveBack(for: "A")
    #expect(places.taken == 0)
  }

  /// Who holds a place for nothing hears that somebody waits, and of whose places there is need.
  @Test(.timeLimit(.minutes(15))) func whoHoldsOneForNothingHearsWhoWaits() async throws {
    let places = Places(all: 3, perPeer: 2)
    let heard = Mutex<[String?]>([])
    places.whenAwaited { [weak places] peer in
      heard.withLock { $0.append(peer) }
      places?.giveBack(for: "A")
    }
    #expect(places.take(for: "A") && places.take(for: "A"))
    try await places.during(for: "A") {}
    #expect(heard.withLock(\.self) == ["A"] && places.taken == 1)
    #expect(places.take(for: "A") && places.take(for: "B"))
    try await places.during(for: "C") { #expect(places.taken == 3) }
    #expect(heard.withLock(\.self) == ["A", nil] && places.taken == 2)
    #expect(!places.isAwaited(withOneOf: "A"))
    places.whenAwaited { _ in }
    #expect(places.take(for: "A"))
    let waiting = Task { try await places.during(for: "C") {} }
    while !places.isAwaited(withOneOf: "A") { await Task.yield() }
    #expect(places.isAwaited(withOneOf: "B"))
    places.giveBack(for: "B")
    try await waiting.value
    #expect(!places.isAwaited(withOneOf: "A"))
  }

  @Test func manyComeAndNeverTakeMore() async throws {
    let places = Places(all: 7, perPeer: 3)
    let (inside, most) = (Counter(), Counter())
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<500 {
        group.addTask {
          try await places.during(for: "\(number % 5)") {
            most.raise(to: inside.add(1))
            await Task.yield()
            _ = inside.add(-1)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(most.add(0) <= 7 && places.taken == 0)
  }

  private final class Counter: Sendable {
    private let value = Mutex(0)

    func add(_ more: Int) -> Int {
      value.withLock { value in
        value += more
        return value
      }
    }

    func raise(to other: Int) { value.withLock { $0 = max($0, other) } }
  }
}

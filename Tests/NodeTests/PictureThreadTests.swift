// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
import Testing

@testable import Node

@Suite struct PictureThreadTests {
  /// What was drawn, in order.
  private final class Drawn: Sendable {
    private let names = Mutex<[String]>([])

    var all: [String] { names.withLock { $0 } }

    func add(_ name: String) { names.withLock { $0.append(name) } }
  }

  /// A picture for which nobody waits any more when its turn comes is not drawn.
  @Test func whatWasCancelledIsNotDrawn() async throws {
    let thread = PictureThread()
    let drawn = Drawn()
    let gate = DispatchSemaphore(value: 0)
    let (begun, beginning) = AsyncStream<Void>.makeStream()
    async let first: Void = thread.run {
      beginning.yield()
      gate.wait()
      drawn.add("first")
    }
    for await _ in begun { break }
    let second = Task.immediate { try await thread.run { drawn.add("second") } }
    second.cancel()
    let third = Task.immediate { try await thread.run { drawn.add("third") } }
    gate.signal()
    try await first
    try await third.value
    await #expect(throws: CancellationError.self) { try await second.value }
    #expect(drawn.all == ["first", "third"])
  }
}

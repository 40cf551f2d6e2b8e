// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Synchronization
import UpperLayer

/// Hangs up on a peer that leaves an answer out, and tells that from a peer that hangs up.
package struct AnswerDeadline: Sendable {
  private let channel: any Channel

  package init(on channel: any Channel) {
    self.channel = channel
  }

  var isConnected: Bool { channel.isActive }

  /// Throws `AssociationEnd.timedOut` where `body` waits longer than that.
  package func within<Value>(
    _ time: TimeAmount, for what: String, _ body: () async throws -> Value
  ) async throws -> Value {
    let passed = Flag()
    let deadline = channel.eventLoop.scheduleTask(in: time) {
      passed.raise()
      hangUp()
    }
    defer { deadline.cancel() }
    do {
      return try await body()
    } catch {
      throw passed.isRaised ? AssociationEnd.timedOut("no \(what) in \(time.nanoseconds / 1_000_000_000) s") : error
    }
  }

  /// Whatever is awaited then; of an association that is over by then nothing happens.
  package func hangUp(in time: TimeAmount) {
    channel.eventLoop.scheduleTask(in: time) { hangUp() }
  }

  private func hangUp() {
    // Whoever is slow may yet read why.
    channel.writeAndFlush(DIMSERequest.abort(.byUser), promise: nil)
    channel.close(promise: nil)
  }

  private final class Flag: Sendable {
    private let state = Atomic(false)

    var isRaised: Bool { state.load(ordering: .acquiring) }
    func raise() { state.store(true, ordering: .releasing) }
  }
}

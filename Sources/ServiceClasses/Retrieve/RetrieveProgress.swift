// SPDX-License-Identifier: Apache-2.0

import DIMSE
import Synchronization

/// Tells the peer at a steady pace how its retrieve goes on: after every tenth object, of few after each, of many small ones
/// fifty times a second, and after each second in any case, so that a slow one is not taken for dead.
final class RetrieveProgress: Sendable {
  private struct State {
    var counts: SubOperationCounts
    var sinceLast = 0
    /// When something was sent last; before that, when it began.
    var lastSent = ContinuousClock.now
    var hasSent = false
  }

  private static let most = 10

  private let state: Mutex<State>
  private let stride: Int
  private let leastPause: Duration
  private let command: CommandSet
  private let send: @Sendable (CommandSet) async throws -> Void

  /// `leastPause`: between two responses about many objects.
  init(
    total: Int, of command: CommandSet, leastPause: Duration = .milliseconds(20),
    send: @escaping @Sendable (CommandSet) async throws -> Void
  ) {
    state = Mutex(State(counts: SubOperationCounts(total: total)))
    stride = min(max(total / 10, 1), Self.most)
    self.leastPause = leastPause
    self.command = command
    self.send = send
  }

  var counts: SubOperationCounts { state.withLock(\.counts) }

  /// A peer that is gone is told nothing; whoever reads its association knows.
  func note(_ result: SubOperationCounts.Result, of sopInstanceUID: String) async {
    let isDue = state.withLock { state in
      state.counts.note(result, of: sopInstanceUID)
      state.sinceLast += 1
      // The final response says the same in a moment.
      guard state.sinceLast >= stride, state.counts.remaining > 0 else { return false }
      return stride < Self.most || !state.hasSent || state.lastSent + leastPause <= .now
    }
    if isDue { try? await report() }
  }

  /// Runs `body`, and reports each second in which nothing else did. Nothing is sent any more when it returns.
  func ticking(_ body: () async throws -> Void) async throws {
    let ticker = Task {
      while !Task.isCancelled {
        try await Task.sleep(until: state.withLock(\.lastSent) + .seconds(1), clock: .continuous)
        let (lastSent, remaining) = state.withLock { ($0.lastSent, $0.counts.remaining) }
        // Of none the final response tells.
        guard remaining > 0 else { return }
        if lastSent + .seconds(1) <= .now { try await report() }
      }
    }
    do {
      try await body()
    } catch {
      ticker.cancel()
      _ = await ticker.result
      throw error
    }
    ticker.cancel()
    _ = await ticker.result
  }

  private func report() async throws {
    let response = state.withLock { state in
      state.sinceLast = 0
      state.lastSent = .now
      state.hasSent = true
      return state.counts.pending(to: command)
    }
    try await send(response)
  }
}

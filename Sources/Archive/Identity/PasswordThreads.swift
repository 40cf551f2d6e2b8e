// SPDX-License-Identifier: Apache-2.0

import Access
import Dispatch
import Synchronization

/// Where passwords are hashed: two at once, off the cooperative pool, and no more waiting than is bearable, so that whoever
/// sends passwords by the thousand takes neither the memory nor the processors of the others.
final class PasswordThreads: Sendable {
  private struct State {
    var load: [Int]
    var waitingOfPeer: [Int64: Int] = [:]
    var hashed = 0
  }

  /// About five seconds of work.
  private static let longestQueue = 32
  /// No peer may fill the queue alone.
  private static let longestQueueOfPeer = 8

  let cost: ScryptCost
  private let threads: [DispatchQueue]
  private let state: Mutex<State>

  init(cost: ScryptCost, count: Int = 2) {
    self.cost = cost
    threads = (0..<count).map { DispatchQueue(label: "collimator.passwords.\($0)") }
    state = Mutex(State(load: Array(repeating: 0, count: count)))
  }

  /// How many passwords were hashed so far.
  var hashed: Int { state.withLock(\.hashed) }

  func hash(_ password: Secret) async throws -> PasswordHash {
    let cost = cost
    return try await run(on: enter(peer: nil), peer: nil) { try PasswordHash(of: password, cost: cost) }
  }

  func matches(_ password: Secret, _ hash: PasswordHash, peer: Int64) async throws -> Bool {
    try await run(on: enter(peer: peer), peer: peer) { try hash.matches(password) }
  }

  /// The thread that has least to do. An administrator (no peer) always finds a place.
  private func enter(peer: Int64?) throws(IdentityRefusal) -> Int {
    let thread = state.withLock { state -> Int? in
      if let peer {
        let ofPeer = state.waitingOfPeer[peer, default: 0]
        guard ofPeer < Self.longestQueueOfPeer, state.load.reduce(0, +) < Self.longestQueue else { return nil }
        state.waitingOfPeer[peer] = ofPeer + 1
      }
      let thread = state.load.indices.min { state.load[$0] < state.load[$1] } ?? 0
      state.load[thread] += 1
      return thread
    }
    guard let thread else { throw IdentityRefusal(.busy, "too many passwords wait to be checked") }
    return thread
  }

  private func leave(_ thread: Int, peer: Int64?) {
    state.withLock { state in
      state.load[thread] -= 1
      state.hashed += 1
      guard let peer else { return }
      let left = state.waitingOfPeer[peer, default: 1] - 1
      state.waitingOfPeer[peer] = left == 0 ? nil : left
    }
  }

  private func run<Value: Sendable>(
    on thread: Int, peer: Int64?, _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      threads[thread].async {
        let result = Result { try work() }
        self.leave(thread, peer: peer)
        continuation.resume(with: result)
      }
    }
  }
}

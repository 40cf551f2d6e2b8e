// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Places for what goes on at the same time: so many in all, so many for one peer.
final class Places: Sendable {
  private struct Waiting {
    let number: Int
    let peer: String
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var taken = 0
    var takenByPeer: [String: Int] = [:]
    var last = 0
    var waiting: [Waiting] = []

    mutating func take(_ peer: String, _ places: Places) -> Bool {
      guard taken < places.all, takenByPeer[peer, default: 0] < places.perPeer else { return false }
      taken += 1
      takenByPeer[peer, default: 0] += 1
      return true
    }
  }

  let all: Int
  let perPeer: Int
  private let state = Mutex(State())
  private let makesRoom = Mutex<(@Sendable (_ peer: String?) -> Void)?>(nil)

  init(all: Int, perPeer: Int) {
    self.all = all
    self.perPeer = perPeer
  }

  var taken: Int { state.withLock(\.taken) }

  /// `make` is called each time that somebody begins to wait: with the peer whose places are all taken; nil, where all are. It
  /// may give back places that are held for nothing.
  func whenAwaited(_ make: @escaping @Sendable (_ peer: String?) -> Void) { makesRoom.withLock { $0 = make } }

  /// Whether somebody waits who would have a place if one of this peer's were given back.
  func isAwaited(withOneOf peer: String) -> Bool {
    state.withLock { state in
      state.waiting.contains { $0.peer == peer || state.takenByPeer[$0.peer, default: 0] < perPeer }
    }
  }

  /// False where there is none. Whoever took one gives it back.
  func take(for peer: String) -> Bool { state.withLock { $0.take(peer, self) } }

  func giveBack(for peer: String) {
    let admitted = state.withLock { state in
      state.taken -= 1
      let left = state.takenByPeer[peer, default: 1] - 1
      state.takenByPeer[peer] = left > 0 ? left : nil
      // First come, first served; who waits for a peer that is full keeps nobody else.
      var (admitted, waiting) = ([Waiting](), [Waiting]())
      for one in state.waiting {
        if state.take(one.peer, self) { admitted.append(one) } else { waiting.append(one) }
      }
      state.waiting = waiting
      return admitted
    }
    for waiting in admitted { waiting.continuation.resume() }
  }

  /// Runs `body` in a place, when there is one. Throws `CancellationError` where the task is cancelled before.
  func during<Value>(for peer: String, _ body: () async throws -> Value) async throws -> Value {
    try await wait(for: peer)
    defer { giveBack(for: peer) }
    return try await body()
  }

  private func wait(for peer: String) async throws {
    let number = state.withLock { state in
      state.last += 1
      return state.last
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let (known, isFull) = state.withLock { state -> (Result<Void, any Error>?, Bool) in
          // Asked under the lock: whoever cancels from here on finds who waits.
          if Task.isCancelled { return (.failure(CancellationError()), false) }
          if state.take(peer, self) { return (.success(()), false) }
          state.waiting.append(Waiting(number: number, peer: peer, continuation: continuation))
          return (nil, state.taken >= all)
        }
        guard let known else {
          makesRoom.withLock(\.self)?(isFull ? nil : peer)
          return
        }
        continuation.resume(with: known)
      }
    } onCancel: {
      let left = state.withLock { state in
        state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
      }
      left?.continuation.resume(throwing: CancellationError())
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whose message is being written: the fragments of one may not stand between those of another (PS3.7 §6.3.1). First come,
/// first served; nobody is kept longer than the peer takes to read, for which the upper layer has a deadline.
final class WritingTurn: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func take() async {
    let isMine = state.withLock { state in
      defer { state.isTaken = true }
      return !state.isTaken
    }
    if isMine { return }
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        // It may have become free meanwhile.
        guard state.isTaken else {
          state.isTaken = true
          return true
        }
        state.waiting.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  func giveUp() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard !state.waiting.isEmpty else {
        state.isTaken = false
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Whether a connection takes what is written, and who waits until it does.
final class Writability: Sendable {
  private typealias Waiting = CheckedContinuation<Void, any Error>

  private struct State {
    var isWritable = true
    var isOver = false
    var last = 0
    var waiting: [(number: Int, continuation: Waiting)] = []

    mutating func takeWaiting() -> [(number: Int, continuation: Waiting)] {
      defer { waiting = [] }
      return waiting
    }
  }

  private let state = Mutex(State())

  var isOver: Bool { state.withLock(\.isOver) }

  /// Throws `ChannelError.ioOnClosedChannel` where nothing is ever taken again, and `CancellationError`.
  func wait() async throws {
    while try !isThere() { try await change() }
  }

  private func isThere() throws -> Bool {
    try state.withLock { state in
      guard !state.isOver else { throw ChannelError.ioOnClosedChannel }
      return state.isWritable
    }
  }

  private func change() async throws {
    let number = state.withLock { state in
      state.last += 1
      return state.last
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: Waiting) in
        let known = state.withLock { state -> Result<Void, any Error>? in
          // Asked under the lock: whoever cancels from here on finds who waits.
          if Task.isCancelled { return .failure(CancellationError()) }
          if state.isOver || state.isWritable { return .success(()) }
          state.waiting.append((number, continuation))
          return nil
        }
        if let known { continuation.resume(with: known) }
      }
    } onCancel: {
      let left = state.withLock { state in
        state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0).continuation }
      }
      left?.resume(throwing: CancellationError())
    }
  }

  func become(_ isWritable: Bool) {
    let waiting = state.withLock { state in
      state.isWritable = isWritable
      return isWritable ? state.takeWaiting() : []
    }
    for (_, continuation) in waiting { continuation.resume() }
  }

  func finish() {
    let waiting = state.withLock { state in
      state.isOver = true
      return state.takeWaiting()
    }
    for (_, continuation) in waiting { continuation.resume() }
  }
}

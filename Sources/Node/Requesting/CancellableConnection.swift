// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The attempts at a connection that is being made, one for each address of the host: whoever cancels does not wait until the last
/// of them has failed.
final class CancellableConnection: Sendable {
  private enum State {
    case attempting([any Channel])
    case cancelled
  }

  private let state = Mutex(State.attempting([]))

  func note(_ channel: any Channel) {
    let isTooLate = state.withLock { state in
      guard case .attempting(let channels) = state else { return true }
      state = .attempting(channels + [channel])
      return false
    }
    if isTooLate { channel.close(promise: nil) }
  }

  /// Throws `CancellationError` where the task is cancelled before `connect` is done.
  func made<Value: Sendable>(_ connect: () async throws -> Value) async throws -> Value {
    try await withTaskCancellationHandler {
      do {
        return try await connect()
      } catch {
        throw Task.isCancelled ? CancellationError() : error
      }
    } onCancel: {
      cancel()
    }
  }

  private func cancel() {
    let channels = state.withLock { state -> [any Channel] in
      defer { state = .cancelled }
      guard case .attempting(let channels) = state else { return [] }
      return channels
    }
    for channel in channels { channel.close(promise: nil) }
  }
}

// SPDX-License-Identifier: Apache-2.0

package import DIMSE
package import NIOCore
import Synchronization
import UpperLayer

/// What this node asked on an association that somebody else reads, by Message ID: who reads it hands the responses on.
package final class AwaitedResponses: Sendable {
  private enum Awaited {
    case asked
    case waiting(CheckedContinuation<CommandSet, any Error>)
    case answered(CommandSet)
    /// Too late for whoever has not begun to wait.
    case overdue(any Error)
    /// Nobody waits for it any more; its Message ID is not free before it has come.
    case givenUp
  }

  private struct State {
    var awaited: [UInt16: Awaited] = [:]
    var last: UInt16 = 0
    var end: (any Error)?
  }

  /// Far more than this node asks at once: of a peer that answers nothing no more is asked.
  static let most = 64

  private let state = Mutex(State())

  package init() {}

  /// The Message ID of something that is about to be asked; throws once the association is over, and where the peer owes too
  /// many answers.
  package func begin() throws -> UInt16 {
    try state.withLock { state in
      if let end = state.end { throw end }
      guard state.awaited.count < Self.most else {
        throw AssociationEnd.abortedLocally("the peer left \(Self.most) requests unanswered")
      }
      repeat { state.last = state.last == .max ? 1 : state.last + 1 } while state.awaited[state.last] != nil
      state.awaited[state.last] = .asked
      return state.last
    }
  }

  /// What was about to be asked is not.
  package func withdraw(_ messageID: UInt16) {
    state.withLock { $0.awaited[messageID] = nil }
  }

  /// Waits for the response no longer than that, whatever else comes meanwhile: throws `AssociationEnd.timedOut` then.
  package func response(
    to messageID: UInt16, within time: TimeAmount, on eventLoop: any EventLoop
  ) async throws -> CommandSet {
    let deadline = eventLoop.scheduleTask(in: time) {
      self.giveUp(
        messageID, AssociationEnd.timedOut("no answer in \(time.nanoseconds / 1_000_000_000) s"))
    }
    defer { deadline.cancel() }
    return try await response(to: messageID)
  }

  /// Waits for the response; throws what ended the association, and where the task is cancelled.
  package func response(to messageID: UInt16) async throws -> CommandSet {
    try await withTaskCancellationHandler {
      try await answer(to: messageID)
    } onCancel: {
      giveUp(messageID, CancellationError())
    }
  }

  private func answer(to messageID: UInt16) async throws -> CommandSet {
    try await withCheckedThrowingContinuation { continuation in
      let known: Result<CommandSet, any Error>? = state.withLock { state in
        switch state.awaited[messageID] {
        case .answered(let response):
          state.awaited[messageID] = nil
          return .success(response)
        case .overdue(let error):
          state.awaited[messageID] = .givenUp
          return .failure(error)
        default: break
        }
        if let end = state.end { return .failure(end) }
        // Asked under the lock: whoever cancels from here on finds who waits.
        if Task.isCancelled {
          state.awaited[messageID] = .givenUp
          return .failure(CancellationError())
        }
        state.awaited[messageID] = .waiting(continuation)
        return nil
      }
      if let known { continuation.resume(with: known) }
    }
  }

  private func giveUp(_ messageID: UInt16, _ error: any Error) {
    let waiting = state.withLock { state -> CheckedContinuation<CommandSet, any Error>? in
      switch state.awaited[messageID] {
      case .asked: state.awaited[messageID] = .overdue(error)
      case .waiting(let continuation):
        state.awaited[messageID] = .givenUp
        return continuation
      default: break
      }
      return nil
    }
    waiting?.resume(throwing: error)
  }

  /// A response to something that was not asked is passed over.
  package func take(_ response: CommandSet) {
    guard let messageID = response.messageIDBeingRespondedTo else { return }
    let waiting = state.withLock { state -> CheckedContinuation<CommandSet, any Error>? in
      switch state.awaited[messageID] {
      case .asked, .overdue: state.awaited[messageID] = .answered(response)
      case .waiting(let continuation):
        state.awaited[messageID] = nil
        return continuation
      case .givenUp: state.awaited[messageID] = nil
      case .answered, nil: break
      }
      return nil
    }
    waiting?.resume(returning: response)
  }

  /// Nobody reads any more.
  package func end(_ error: any Error) {
    let waiting = state.withLock { state in
      defer { state.awaited = [:] }
      state.end = error
      return state.awaited.values.compactMap { awaited in
        if case .waiting(let continuation) = awaited { continuation } else { nil }
      }
    }
    for continuation in waiting { continuation.resume(throwing: error) }
  }
}

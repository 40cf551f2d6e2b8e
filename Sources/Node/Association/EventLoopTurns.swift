// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization

/// Tasks of one event loop that have more to do than one turn: one of them goes on, then the loop looks what others have sent,
/// then the next. To give up a task's turn is not enough for that, for a loop runs whatever is ready before it looks.
final class EventLoopTurns: Sendable {
  private struct State {
    var waiting = CircularBuffer<CheckedContinuation<Void, Never>>()
    /// Whether it is known when the next goes on.
    var isTimed = false
  }

  private static let known = ThreadSpecificVariable<EventLoopTurns>()
  /// The loop looks when nothing is ready: for so long nothing is.
  private static let shortWhile = TimeAmount.microseconds(50)

  private let eventLoop: any EventLoop
  private let state = Mutex(State())

  private init(on eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  /// Returns when it is the turn of whoever asks; at once where that does not run on the event loop.
  static func giveWay(on eventLoop: any EventLoop) async {
    guard eventLoop.inEventLoop else { return }
    await withCheckedContinuation { of(eventLoop).append($0) }
  }

  private static func of(_ eventLoop: any EventLoop) -> EventLoopTurns {
    if let turns = known.currentValue, turns.eventLoop === eventLoop { return turns }
    let turns = EventLoopTurns(on: eventLoop)
    known.currentValue = turns
    return turns
  }

  private func append(_ task: CheckedContinuation<Void, Never>) {
    let isFirst = state.withLock { state in
      state.waiting.append(task)
      defer { state.isTimed = true }
      return !state.isTimed
    }
    if isFirst { awaitNext() }
  }

  private func awaitNext() {
    eventLoop.scheduleTask(in: Self.shortWhile) { self.goOn() }
  }

  private func goOn() {
    let (next, isLast) = state.withLock { state in
      let next = state.waiting.popFirst()
      state.isTimed = !state.waiting.isEmpty
      return (next, state.waiting.isEmpty)
    }
    next?.resume()
    // Behind what that one does now: a time that is counted from before it would be over by then.
    if !isLast { eventLoop.execute { self.awaitNext() } }
  }
}

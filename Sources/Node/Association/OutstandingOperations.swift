// SPDX-License-Identifier: Apache-2.0

import DIMSE
import Synchronization

/// The operations of one association that are not answered in full yet (PS3.7 D.3.3.3), by Message ID.
final class OutstandingOperations: Sendable {
  private struct Operation {
    let messageID: UInt16
    let task: Task<Void, Never>
    let mayBeCancelled: Bool
    /// Its final response is on the way: the peer may use the Message ID again.
    var isAnswered = false
  }

  private struct State {
    var operations: [Int: Operation] = [:]
    var last = 0
  }

  private let state = Mutex(State())

  /// How many are not answered yet.
  var count: Int { state.withLock { $0.operations.values.count { !$0.isAnswered } } }

  func isOutstanding(_ messageID: UInt16?) -> Bool {
    state.withLock { $0.operations.values.contains { $0.messageID == messageID && !$0.isAnswered } }
  }

  /// Runs `body` beside what is read on, on the connection's own event loop where that is given; it says `answered` right before its final response goes out.
  func begin(
    _ messageID: UInt16, mayBeCancelled: Bool, on executor: EventLoopExecutor? = nil,
    _ body: @escaping @Sendable (_ answered: @escaping @Sendable () -> Void) async -> Void
  ) {
    state.withLock { state in
      state.last &+= 1
      let token = state.last
      let task = Task(executorPreference: executor) {
        await body { self.answer(token) }
        self.end(token)
      }
      state.operations[token] = Operation(messageID: messageID, task: task, mayBeCancelled: mayBeCancelled)
    }
  }

  /// C-CANCEL (PS3.7 §9.3.2.3). For an operation that is over, or was never begun, there is nothing to do.
  func cancel(_ messageID: UInt16?) {
    state.withLock { state in
      for operation in state.operations.values where operation.mayBeCancelled && operation.messageID == messageID {
        operation.task.cancel()
      }
    }
  }

  /// Waits until the one that waits longest is over, where there are `most` or more.
  func room(below most: Int) async {
    while let oldest = oldest(from: most) { await oldest.value }
  }

  /// What may be cancelled is cancelled, what has to end well is waited for.
  func endAll() async {
    let tasks = state.withLock { state in
      for operation in state.operations.values where operation.mayBeCancelled { operation.task.cancel() }
      return state.operations.values.map(\.task)
    }
    for task in tasks { await task.value }
  }

  private func oldest(from most: Int) -> Task<Void, Never>? {
    state.withLock { state in
      guard state.operations.count >= most, let first = state.operations.keys.min() else { return nil }
      return state.operations[first]?.task
    }
  }

  private func answer(_ token: Int) {
    state.withLock { $0.operations[token]?.isAnswered = true }
  }

  private func end(_ token: Int) {
    state.withLock { _ = $0.operations.removeValue(forKey: token) }
  }
}

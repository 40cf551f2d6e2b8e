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
    /// Who waits for room.
    var waiting: [AsyncStream<Void>.Continuation] = []
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

  /// Waits until fewer than `most` of those are outstanding that end well by themselves: C-STOREs wait for nothing but the
  /// disk, a C-GET for its peer, who may wait for this. Throws where the task is cancelled.
  func room(below most: Int) async throws {
    while let change = change(from: most) {
      for await _ in change {}
      try Task.checkCancellation()
    }
  }

  /// What may be cancelled is cancelled: nobody is there any more who would hear an answer.
  func cancelAll() {
    state.withLock { state in
      for operation in state.operations.values where operation.mayBeCancelled { operation.task.cancel() }
    }
  }

  /// What may be cancelled is cancelled, what has to end well is waited for.
  func endAll() async {
    cancelAll()
    let tasks = state.withLock { $0.operations.values.map(\.task) }
    for task in tasks { await task.value }
  }

  /// Ends when an operation does; nil where there is room.
  private func change(from most: Int) -> AsyncStream<Void>? {
    state.withLock { state in
      guard state.operations.values.count(where: { !$0.mayBeCancelled }) >= most else { return nil }
      let (change, continuation) = AsyncStream.makeStream(of: Void.self)
      state.waiting.append(continuation)
      return change
    }
  }

  private func answer(_ token: Int) {
    state.withLock { $0.operations[token]?.isAnswered = true }
  }

  private func end(_ token: Int) {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      state.operations[token] = nil
      return state.waiting
    }
    for continuation in waiting { continuation.finish() }
  }
}

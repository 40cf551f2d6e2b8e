// SPDX-License-Identifier: Apache-2.0

import DIMSE
import Synchronization

/// Says that nothing more is to be begun, to work that is not to be broken off: what a cancelled task leaves half done on an
/// association would end it.
final class StopSignal: Sendable {
  private struct State {
    var isRaised = false
    var last = 0
    var actions: [Int: @Sendable () -> Void] = [:]
  }

  private let state = Mutex(State())

  var isRaised: Bool { state.withLock(\.isRaised) }

  func raise() {
    let actions = state.withLock { state in
      defer { state.actions = [:] }
      state.isRaised = true
      return state.actions.values
    }
    for action in actions { action() }
  }

  /// Runs `action` when it is raised, now if it was; until `forget` is called with what this returns.
  func whenRaised(_ action: @escaping @Sendable () -> Void) -> Int {
    let (number, isRaised) = state.withLock { state in
      state.last += 1
      if !state.isRaised { state.actions[state.last] = action }
      return (state.last, state.isRaised)
    }
    if isRaised { action() }
    return number
  }

  func forget(_ number: Int) { state.withLock { _ = $0.actions.removeValue(forKey: number) } }

  /// What may be broken off: it is cancelled when the signal is raised.
  func during<Value: Sendable>(
    on executor: EventLoopExecutor, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let task = Task(executorPreference: executor) { try await body() }
    let action = whenRaised { task.cancel() }
    defer { forget(action) }
    return try await task.value
  }
}

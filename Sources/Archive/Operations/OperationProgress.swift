// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How far a long operation has come: whoever asked for it may watch it, and may end it.
package final class OperationProgress: Sendable {
  package struct Step: Codable, Sendable, Equatable {
    package let stage: String
    package let done: Int
    /// nil where it is not known beforehand.
    package let total: Int?
  }

  private struct State {
    var stage = ""
    var done = 0
    var total: Int?
    var lastTold: ContinuousClock.Instant?
    var isCancelled = false
    var interrupt: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())
  private let tell: @Sendable (Step) -> Void
  /// Often enough for an eye and for noticing that nobody watches any more.
  private static let interval = Duration.milliseconds(100)

  package init(_ tell: @escaping @Sendable (Step) -> Void = { _ in }) {
    self.tell = tell
  }

  /// The operation ends at its next step, or within one that can be interrupted.
  package func cancel() {
    state.withLock { state in
      state.isCancelled = true
      state.interrupt?()
    }
  }

  /// `interrupt` ends what is begun now; throws where the operation was cancelled already.
  func endsStatement(by interrupt: @escaping @Sendable () -> Void) throws {
    try state.withLock { state in
      guard !state.isCancelled else { throw CancellationError() }
      state.interrupt = interrupt
    }
  }

  func endsNoStatement() {
    state.withLock { $0.interrupt = nil }
  }

  func begin(_ stage: String, total: Int? = nil) throws {
    state.withLock { state in
      state.stage = stage
      state.done = 0
      state.total = total
      state.lastTold = nil
    }
    try advance(by: 0)
  }

  /// Throws when the operation was cancelled.
  func advance(by count: Int = 1) throws {
    let step: Step? = try state.withLock { state in
      guard !state.isCancelled else { throw CancellationError() }
      state.done += count
      let now = ContinuousClock.now
      if let last = state.lastTold, now - last < Self.interval { return nil }
      state.lastTold = now
      return Step(stage: state.stage, done: state.done, total: state.total)
    }
    if let step { tell(step) }
  }
}

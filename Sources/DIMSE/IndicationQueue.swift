// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// What arrived on an association and was not read yet, for the one task that reads it. A peer whose messages are not read is
/// asked for no more.
package final class IndicationQueue: Sendable {
  private typealias Reader = CheckedContinuation<DIMSEIndication?, any Error>

  private struct State {
    var waiting = CircularBuffer<DIMSEIndication>()
    var reader: Reader?
    /// What stands behind what waits; nil while more may come.
    var end: Result<DIMSEIndication?, any Error>?
    var isFull = false
    /// Asks the peer for more.
    var readOn: (@Sendable () -> Void)?

    /// nil where there is nothing yet.
    mutating func take() -> Taken? {
      guard let indication = waiting.popFirst() else {
        defer { if end != nil { end = .success(nil) } }
        return end.map { Taken(result: $0) }
      }
      guard isFull, waiting.count < IndicationQueue.few else { return Taken(result: .success(indication)) }
      isFull = false
      defer { readOn = nil }
      return Taken(result: .success(indication), readOn: readOn)
    }

    /// The reader that waits for this end, if there is one.
    mutating func finish(_ end: Result<DIMSEIndication?, any Error>) -> Reader? {
      guard self.end == nil else { return nil }
      self.end = reader == nil ? end : .success(nil)
      readOn = nil
      defer { reader = nil }
      return reader
    }

    /// Of what came before, nothing is read any more; where the end is there already, it stays to be read, and how it came.
    mutating func cancel() -> Reader? {
      guard end == nil else { return nil }
      waiting = CircularBuffer()
      return finish(.failure(CancellationError()))
    }
  }

  private struct Taken {
    let result: Result<DIMSEIndication?, any Error>
    var readOn: (@Sendable () -> Void)?
  }

  private static let many = 10
  private static let few = 2

  private let state = Mutex(State())

  package init() {}

  /// The next one; nil behind the last. Throws what broke the connection, or `CancellationError` where that came first, once. For
  /// one task.
  package func next() async throws -> DIMSEIndication? {
    guard !Task.isCancelled, let taken = state.withLock({ $0.take() }) else { return try await comingNext() }
    taken.readOn?()
    return try taken.result.get()
  }

  private func comingNext() async throws -> DIMSEIndication? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { reader in
        let taken = state.withLock { state -> Taken? in
          // Asked under the lock: whoever cancels from here on finds who waits.
          if Task.isCancelled { _ = state.cancel() }
          if let taken = state.take() { return taken }
          state.reader = reader
          return nil
        }
        guard let taken else { return }
        taken.readOn?()
        reader.resume(with: taken.result)
      }
    } onCancel: {
      state.withLock { $0.cancel() }?.resume(throwing: CancellationError())
    }
  }

  package func append(_ indication: DIMSEIndication) {
    let reader = state.withLock { state -> Reader? in
      guard state.end == nil else { return nil }
      guard state.reader == nil else {
        defer { state.reader = nil }
        return state.reader
      }
      state.waiting.append(indication)
      if state.waiting.count >= Self.many { state.isFull = true }
      return nil
    }
    reader?.resume(returning: indication)
  }

  /// What is there stays to be read; `error` stands behind it.
  package func finish(throwing error: (any Error)? = nil) {
    let end: Result<DIMSEIndication?, any Error> = error.map { .failure($0) } ?? .success(nil)
    state.withLock { $0.finish(end) }?.resume(with: end)
  }

  /// Calls `readOn` when more may come: at once, or from whoever makes room; never where it is over.
  func whenThereIsRoom(_ readOn: @escaping @Sendable () -> Void) {
    let isNow = state.withLock { state in
      guard state.end == nil, state.isFull else { return state.end == nil }
      state.readOn = readOn
      return false
    }
    if isNow { readOn() }
  }

  var isEmpty: Bool { state.withLock { $0.waiting.isEmpty } }

  var hasRoom: Bool { state.withLock { $0.end == nil && !$0.isFull } }
}

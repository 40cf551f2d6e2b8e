// SPDX-License-Identifier: Apache-2.0

import DIMSE
import ServiceClasses
import Synchronization
import UpperLayer

/// One association with a destination, open for what is brought to it, one thing after the other, until nothing comes for a
/// while. Its own task reads and writes it; whoever brings something waits.
final class KeptAssociation: Sendable {
  typealias Work = @Sendable (Association) async throws -> Void
  private typealias Job = (work: Work, done: CheckedContinuation<Void, any Error>)

  private enum State {
    /// On its way to the peer, at work, or between two jobs: nobody waits for a job.
    case busy
    case asked(Job)
    case idle(CheckedContinuation<Job?, Never>)
    case over
  }

  let node: RemoteNode
  let contexts: [ProposedPresentationContext]
  private let operations: Int
  private let idleTime: Duration
  private let opened = ContinuousClock.now
  private let state = Mutex(State.busy)
  private let task = Mutex<Task<Void, Never>?>(nil)

  init(with node: RemoteNode, proposing contexts: [ProposedPresentationContext], operations: Int, idleTime: Duration) {
    self.node = node
    self.contexts = contexts
    self.operations = operations
    self.idleTime = idleTime
  }

  var age: Duration { .now - opened }

  /// Opens it, and runs the first work on it. Throws what the work throws, or why there is no association.
  /// - Parameters:
  ///   - whenFree: Called each time that it can be brought something, before whoever brought the last is told.
  ///   - whenOver: Called once, at the end.
  func begin(
    _ work: @escaping Work, whenFree: @escaping @Sendable (KeptAssociation) -> Void,
    whenOver: @escaping @Sendable (KeptAssociation) -> Void
  ) async throws {
    try await bring(work) {
      self.task.withLock { task in
        task = Task {
          await self.hold(whenFree)
          whenOver(self)
        }
      }
    }
  }

  /// Runs this too; nobody else may bring something meanwhile. Throws also where the association is over.
  func run(_ work: @escaping Work) async throws {
    try await bring(work) {}
  }

  /// Ends it where nothing is going on; returns when that is done.
  func end() async {
    expire()
    await task.withLock(\.self)?.value
  }

  /// Ends it, whatever is going on.
  func cancel() { task.withLock(\.self)?.cancel() }

  private func bring(_ work: @escaping Work, _ start: () -> Void) async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { done in
        let waiting = state.withLock { state -> CheckedContinuation<Job?, Never>?? in
          switch state {
          case .over: return nil
          case .idle(let waiting):
            state = .busy
            return .some(waiting)
          case .busy, .asked:
            state = .asked((work, done))
            return .some(nil)
          }
        }
        guard let waiting else { return done.resume(throwing: AssociationEnd.connectionClosed) }
        waiting?.resume(returning: (work, done))
        start()
        // Whoever cancelled before that had nothing to cancel.
        if Task.isCancelled { cancel() }
      }
    } onCancel: {
      cancel()
    }
  }

  private func hold(_ whenFree: @Sendable (KeptAssociation) -> Void) async {
    var failure: any Error = AssociationEnd.connectionClosed
    do {
      try await node.withAssociation(proposing: contexts, operations: operations) { association in
        while let job = await nextJob() {
          do {
            // What ended it while nobody read is known to the connection already.
            guard association.isOpen else { throw AssociationEnd.connectionClosed }
            try await job.work(association)
          } catch {
            finish()
            job.done.resume(throwing: error)
            throw error
          }
          whenFree(self)
          job.done.resume()
        }
      }
    } catch {
      failure = error
    }
    finish()?.done.resume(throwing: failure)
  }

  /// nil when none came in time, or it is to end.
  private func nextJob() async -> Job? {
    let timer = Task {
      try await Task.sleep(for: idleTime)
      expire()
    }
    defer { timer.cancel() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { waiting in
        let known = state.withLock { state -> Job?? in
          switch state {
          case .asked(let job):
            state = .busy
            return .some(job)
          case .busy where !Task.isCancelled:
            state = .idle(waiting)
            return nil
          case .busy, .idle, .over:
            state = .over
            return .some(nil)
          }
        }
        if let known { waiting.resume(returning: known) }
      }
    } onCancel: {
      expire()
    }
  }

  private func expire() {
    let waiting = state.withLock { state -> CheckedContinuation<Job?, Never>? in
      guard case .idle(let waiting) = state else { return nil }
      state = .over
      return waiting
    }
    waiting?.resume(returning: nil)
  }

  /// What nobody did.
  @discardableResult
  private func finish() -> Job? {
    state.withLock { state in
      defer { state = .over }
      guard case .asked(let job) = state else { return nil }
      return job
    }
  }
}

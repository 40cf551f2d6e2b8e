// SPDX-License-Identifier: Apache-2.0

import DIMSE
import ServiceClasses
import Synchronization
import UpperLayer

/// One association with a destination, open for what is brought to it, one thing after the other, until nothing comes for a
/// while. Its own task reads and writes it, and holds its place among the calls; whoever brings something waits.
final class KeptAssociation: Sendable {
  typealias Work = @Sendable (Association) async throws -> Void
  private typealias Job = (work: Work, done: CheckedContinuation<Void, any Error>)

  private enum State {
    /// On its way to the peer, at work, or between two jobs: nobody waits for a job.
    case busy
    /// The same, and nothing comes behind.
    case leaving
    case asked(Job)
    case idle(CheckedContinuation<Job?, Never>)
    case over
  }

  /// It was over, or at its end, before what was brought to it was begun.
  struct Over: Error {}

  let node: RemoteNode
  let peer: String
  let contexts: [ProposedPresentationContext]
  /// That may be outstanding at once, where the peer agrees.
  let operations: Int
  private let places: Places?
  private let idleTime: Duration
  private let opened = ContinuousClock.now
  private let state = Mutex(State.busy)
  private let task = Mutex<Task<Void, Never>?>(nil)

  /// `peer`: of whose `places` it takes one.
  init(
    with node: RemoteNode, of peer: String, in places: Places?, proposing contexts: [ProposedPresentationContext],
    operations: Int, idleTime: Duration
  ) {
    self.node = node
    self.peer = peer
    self.places = places
    self.contexts = contexts
    self.operations = operations
    self.idleTime = idleTime
  }

  var age: Duration { .now - opened }

  /// Opens it, when there is a place, and runs the first work on it. Throws what the work throws, or why there is no
  /// association; what is thrown, here and by `run`, comes when the association is gone.
  /// - Parameters:
  ///   - whenFree: Called each time that it can be brought something, before whoever brought the last is told. False where it
  ///     is not to be kept.
  ///   - whenOver: Called once, at the end.
  func begin(
    _ work: @escaping Work, whenFree: @escaping @Sendable (KeptAssociation) -> Bool,
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

  /// Runs this too; nobody else may bring something meanwhile. Throws `Over` where it was not begun.
  func run(_ work: @escaping Work) async throws {
    try await bring(work) {}
  }

  /// Ends it where nothing is going on; returns when that is done. Whoever is cancelled does not wait for the peer's farewell.
  func end() async {
    leave()
    await withTaskCancellationHandler {
      await task.withLock(\.self)?.value
    } onCancel: {
      cancel()
    }
  }

  /// Ends it, whatever is going on.
  func cancel() { task.withLock(\.self)?.cancel() }

  private func bring(_ work: @escaping Work, _ start: () -> Void) async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { done in
        let waiting = state.withLock { state -> CheckedContinuation<Job?, Never>?? in
          switch state {
          case .leaving, .over: return nil
          case .idle(let waiting):
            state = .busy
            return .some(waiting)
          case .busy, .asked:
            state = .asked((work, done))
            return .some(nil)
          }
        }
        guard let waiting else { return done.resume(throwing: Over()) }
        waiting?.resume(returning: (work, done))
        start()
        // Whoever cancelled before that had nothing to cancel.
        if Task.isCancelled { cancel() }
      }
    } onCancel: {
      cancel()
    }
  }

  private func hold(_ whenFree: @Sendable (KeptAssociation) -> Bool) async {
    // Told when the association is gone: a destination may take no more than one at a time.
    var last: (job: Job, result: Result<Void, any Error>)?
    var failure: any Error = Over()
    do {
      try await inPlace {
        try await node.withAssociation(proposing: contexts, operations: operations) { association in
          while let job = await nextJob() {
            last = (job, .failure(Over()))
            // What ended it while nobody read is known to the connection already.
            guard association.isOpen else { throw AssociationEnd.connectionClosed }
            do {
              try await job.work(association)
            } catch {
              last = (job, .failure(error))
              throw error
            }
            last = (job, .success(()))
            guard whenFree(self) else { return leave() }
            last = nil
            job.done.resume()
          }
        }
      }
    } catch {
      failure = error
    }
    let unbegun = finish()
    if let (job, result) = last { job.done.resume(with: result) }
    unbegun?.done.resume(throwing: failure)
  }

  private func inPlace(_ body: () async throws -> Void) async throws {
    guard let places else { return try await body() }
    try await places.during(for: peer, body)
  }

  /// nil when none came in time, or it is to end.
  private func nextJob() async -> Job? {
    let timer = Task {
      try await Task.sleep(for: idleTime)
      leave()
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
          case .busy, .leaving, .idle, .over:
            state = .over
            return .some(nil)
          }
        }
        if let known { waiting.resume(returning: known) }
      }
    } onCancel: {
      leave()
    }
  }

  /// Nothing more is taken: it ends now where it is idle, and behind what it is at otherwise.
  func leave() {
    let waiting = state.withLock { state -> CheckedContinuation<Job?, Never>? in
      switch state {
      case .busy: state = .leaving
      case .idle(let waiting):
        state = .over
        return waiting
      case .leaving, .asked, .over: break
      }
      return nil
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

// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
import DICOMData
package import DIMSE
import Logging
import NIOCore
import Synchronization
package import UpperLayer

/// Calls the destination of a C-MOVE; what stands above knows how connections are made.
package protocol MoveConnecting: Sendable {
  /// Runs `body` on an association with the destination, and releases it; what `body` throws aborts it. `operations`: may be
  /// outstanding at once where the destination agrees (PS3.7 D.3.3.3).
  func withAssociation(
    to destination: MoveDestination, proposing contexts: [ProposedPresentationContext], operations: Int,
    _ body: @escaping @Sendable (Association) async throws -> Void
  ) async throws

  /// More to one peer do not come about at the same time.
  var associationsPerPeer: Int { get }
}

extension MoveConnecting {
  package var associationsPerPeer: Int { .max }
}

/// The peer hung up on an association that had been kept for what comes next: it may have meant to do so long before.
package struct StaleAssociation: Error, CustomStringConvertible {
  package let cause: any Error

  package init(cause: any Error) { self.cause = cause }

  package var description: String { "\(cause)" }
}

/// Objects on their way to a destination: on one association or as many as its peer takes; more where they need more
/// presentation contexts than one has. Where it is cancelled, what was begun may be sent to its end and answered for
/// `lastAnswersWithin`; then it hangs up.
struct MoveTransfer: Sendable {
  /// Attempts in a row in which no association came about.
  private static let mostRefusals = 2
  /// Associations in a row that settled nothing: few objects are such that a destination cannot bear them.
  private static let mostFruitless = 10
  private static let pause = Duration.milliseconds(500)
  private static let mostOutstanding = 8

  let operations: any Sending
  let instances: [ServedInstance]
  let destination: MoveDestination
  /// nil where nobody's C-MOVE asked for them.
  let originator: MoveOriginator?
  let connecting: any MoveConnecting
  /// What the destination has for what is on its way, and for its answers, when the transfer is cancelled.
  var lastAnswersWithin = TimeAmount.seconds(5)

  /// Returns when each object is accounted for, or the task was cancelled; throws what kept one from being prepared.
  func run() async throws {
    let stop = StopSignal()
    try await withTaskCancellationHandler {
      try await run(until: stop)
    } onCancel: {
      stop.raise()
    }
  }

  private func run(until stop: StopSignal) async throws {
    // Why no association came about.
    var unreached: String?
    for batch in MoveBatch.batches(of: instances) {
      let backlog = MoveBacklog(batch.instances)
      if unreached == nil {
        await withTaskGroup(of: Void.self) { group in
          let most = min(destination.peer.profile.associations, connecting.associationsPerPeer)
          for _ in 0..<max(1, min(most, batch.instances.count)) {
            group.addTask { await send(batch, backlog, stop) }
          }
        }
        unreached = backlog.wasReached ? nil : backlog.whyUnreached
      }
      if let trouble = backlog.trouble { throw trouble }
      if stop.isRaised { return }
      while let left = backlog.take() {
        await operations.leave(
          left.instance, unreached ?? "the destination hangs up, whatever it is sent", wasReached: unreached == nil)
      }
    }
  }

  /// Once an association is there, no task on it is cancelled until it is released: it ends when it sees the signal, or is hung up
  /// on.
  private func send(_ batch: MoveBatch, _ backlog: MoveBacklog, _ stop: StopSignal) async {
    let course = MoveCourse()
    let task = Task { await sendAll(batch, backlog, course, stop) }
    let action = stop.whenRaised { if !course.isAtWork { task.cancel() } }
    await task.value
    stop.forget(action)
  }

  private func sendAll(_ batch: MoveBatch, _ backlog: MoveBacklog, _ course: MoveCourse, _ stop: StopSignal) async {
    var (refusals, fruitless) = (0, 0)
    var mayBeStale = true
    while backlog.count > 0, !stop.isRaised {
      course.begin()
      do {
        try await send(batch, backlog, course, stop)
        course.end()
      } catch {
        let (wasAccepted, settled, unanswered) = course.end()
        // Once: whatever is hung up on again is hung up on for another reason.
        let isStale = mayBeStale && error is StaleAssociation && settled == 0
        if isStale { mayBeStale = false }
        for entry in unanswered {
          // Nothing was tried on it that counts: the next association is opened for this.
          if isStale, !stop.isRaised { backlog.giveBack(entry) } else { await putBack(entry, error, backlog, stop) }
        }
        if stop.isRaised || backlog.trouble != nil { return }
        if isStale { continue }
        refusals = wasAccepted ? 0 : refusals + 1
        if case AssociationEnd.rejected = error { backlog.noteRejected() }
        fruitless = settled > 0 ? 0 : wasAccepted ? fruitless + 1 : fruitless
        operations.logger.warning(
          "the association with the destination '\(destination.peer.name)' failed",
          metadata: ["error": "\(error)", "objects left": "\(backlog.count)"])
        guard refusals < Self.mostRefusals, fruitless < Self.mostFruitless else { return }
        try? await Task.sleep(for: Self.pause)
      }
    }
  }

  private func send(
    _ batch: MoveBatch, _ backlog: MoveBacklog, _ course: MoveCourse, _ stop: StopSignal
  ) async throws {
    let outstanding = min(Self.mostOutstanding, max(backlog.count, 1))
    try await connecting.withAssociation(
      to: destination, proposing: batch.contexts, operations: outstanding
    ) { association in
      course.accept()
      backlog.noteReached()
      let deadline = association.deadline
      let action = stop.whenRaised { [lastAnswersWithin] in deadline?.hangUp(in: lastAnswersWithin) }
      defer {
        course.part()
        stop.forget(action)
      }
      // Between an answer and the next object no other thread has to wake up.
      try await withTaskExecutorPreference(association.writer.executor) {
        try await send(backlog, over: association, atMost: outstanding, course, stop)
      }
    }
  }

  private typealias Begun = (planned: MoveBacklog.Entry, object: OutgoingObject)

  /// As many at once as the destination agreed to; usually one. What it hung up at before goes alone.
  private func send(
    _ backlog: MoveBacklog, over association: Association, atMost most: Int, _ course: MoveCourse, _ stop: StopSignal
  ) async throws {
    var user = ServiceUser(association)
    let window = user.window(atMost: most)
    let syntaxes = Dictionary(grouping: association.contexts.values, by: \.abstractSyntax)
      .mapValues { $0.map(\.transferSyntaxUID) }
    let executor = association.writer.executor
    var outstanding: [UInt16: Begun] = [:]
    do {
      while true {
        while outstanding.count < window, !stop.isRaised, backlog.trouble == nil,
          !outstanding.values.contains(where: { $0.planned.hasFailed }),
          let next = backlog.take(alone: outstanding.isEmpty)
        {
          let begun = try await begin(next, backlog, course, stop, &user) { [operations] planned in
            if let object = operations.prepareToDepartAtOnce(planned, accepted: { syntaxes[$0] ?? [] }) {
              return object
            }
            return try await stop.during(on: executor) {
              try await operations.prepareToDepart(planned) { syntaxes[$0] ?? [] }
            }
          }
          if let (messageID, object) = begun { outstanding[messageID] = (next, object) }
        }
        guard !outstanding.isEmpty else { return }
        association.writer.awaitAnswer()
        let (messageID, response) = try await user.nextStoreResponse()
        guard let answered = outstanding.removeValue(forKey: messageID) else { throw user.unasked(response) }
        course.settle()
        await operations.note(
          response.status ?? .processingFailure, of: answered.planned.instance, sent: answered.object)
      }
    } catch {
      for (planned, _) in outstanding.values { course.leave(planned) }
      throw error
    }
  }

  /// nil where it is not sent, and accounted for or left.
  private func begin(
    _ next: MoveBacklog.Entry, _ backlog: MoveBacklog, _ course: MoveCourse, _ stop: StopSignal,
    _ user: inout ServiceUser, prepare: (ServedInstance) async throws -> OutgoingObject?
  ) async throws -> (messageID: UInt16, object: OutgoingObject)? {
    for _ in 0..<operations.mostPreparations {
      let object: OutgoingObject
      do {
        guard let prepared = try await prepare(next.instance) else {
          course.settle()
          return nil
        }
        object = prepared
      } catch {
        backlog.giveBack(next)
        // Nothing that the destination did.
        if !stop.isRaised { backlog.note(error) }
        return nil
      }
      do {
        return (try await begin(object, &user), object)
      } catch is ChangedMeanwhile {
        object.giveBackRoom()
      } catch let failure as SubOperationFailure {
        // An object that failed half way is accounted for, and not tried again.
        await operations.giveUp(next.instance, failure.description)
        course.settle()
        throw failure
      } catch {
        course.leave(next)
        throw error
      }
    }
    await operations.giveUp(next.instance, operations.changesTooOften)
    course.settle()
    return nil
  }

  /// Its association ended before its answer came: once more behind the others; after that it is the one at fault.
  private func putBack(
    _ entry: MoveBacklog.Entry, _ error: any Error, _ backlog: MoveBacklog, _ stop: StopSignal
  ) async {
    guard !stop.isRaised else { return await operations.giveUp(entry.instance, "the destination did not answer") }
    guard !backlog.putBack(entry) else { return }
    let what =
      switch error {
      case AssociationEnd.timedOut: "did not answer it"
      case AssociationEnd.protocolViolation: "broke the protocol at it"
      default: "hung up at it"
      }
    await operations.giveUp(entry.instance, "the destination \(what), \(MoveBacklog.mostFailures) times")
  }

  private func begin(_ object: OutgoingObject, _ user: inout ServiceUser) async throws -> UInt16 {
    var rest = object
    defer { object.giveBackRoom() }
    return try await user.beginStore(
      sopClassUID: object.sopClassUID, sopInstanceUID: object.sopInstanceUID,
      transferSyntaxUID: object.transferSyntaxUID, originator: originator
    ) {
      try await object.depart()
    } nextChunk: {
      try await rest.nextChunk()
    }
  }
}

/// Objects that share an association, and the presentation contexts that they need there.
struct MoveBatch: Sendable {
  let instances: [ServedInstance]
  let contexts: [ProposedPresentationContext]

  private struct Kind: Hashable {
    let sopClassUID: String
    let transferSyntaxUIDs: [String]
  }

  /// Each syntax in which objects are stored by itself, so that the destination cannot choose another for them; beside it
  /// what they can be converted to. A SOP class has all its contexts on one association.
  static func batches(of instances: [ServedInstance]) -> [MoveBatch] {
    var batches: [MoveBatch] = []
    var kinds: [Kind] = []
    var waiting: [ServedInstance] = []
    for (sopClassUID, objects) in Dictionary(grouping: instances, by: \.sopClassUID).sorted(by: { $0.key < $1.key }) {
      let own = Self.kinds(of: objects, sopClassUID)
      if kinds.count + own.count > ProposedPresentationContext.mostOnOneAssociation {
        batches.append(MoveBatch(waiting, kinds))
        (kinds, waiting) = ([], [])
      }
      kinds += own
      waiting += objects
    }
    return waiting.isEmpty ? batches : batches + [MoveBatch(waiting, kinds)]
  }

  private init(_ instances: [ServedInstance], _ kinds: [Kind]) {
    self.instances = instances
    contexts = kinds.enumerated().map { index, kind in
      ProposedPresentationContext(
        id: UInt8(truncatingIfNeeded: 2 * index + 1), abstractSyntax: kind.sopClassUID,
        transferSyntaxes: kind.transferSyntaxUIDs)
    }
  }

  private static func kinds(of objects: [ServedInstance], _ sopClassUID: String) -> [Kind] {
    let stored = Set(objects.map(\.transferSyntaxUID)).sorted()
    let plain = [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid]
    return (stored.map { [$0] } + [plain]).map { Kind(sopClassUID: sopClassUID, transferSyntaxUIDs: $0) }
  }
}

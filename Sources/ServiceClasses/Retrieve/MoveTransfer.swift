// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
import DICOMData
package import DIMSE
import Logging
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
}

/// An association that had been kept for what comes next failed: the peer may have ended it long before.
package struct StaleAssociation: Error, CustomStringConvertible {
  package let cause: any Error

  package init(cause: any Error) { self.cause = cause }

  package var description: String { "\(cause)" }
}

/// Objects on their way to a destination: on one association or as many as its peer takes; more where they need more
/// presentation contexts than one has.
struct MoveTransfer: Sendable {
  /// An association that fails is tried again once, and again whenever objects got through since.
  private static let mostFailures = 2
  private static let pause = Duration.milliseconds(500)
  private static let mostOutstanding = 8

  let operations: any Sending
  let instances: [ServedInstance]
  let destination: MoveDestination
  /// nil where nobody's C-MOVE asked for them.
  let originator: MoveOriginator?
  let connecting: any MoveConnecting

  /// Returns when each object is accounted for, or the task was cancelled.
  func run() async {
    var isReachable = true
    for batch in MoveBatch.batches(of: instances) {
      let backlog = Backlog(batch.instances)
      if isReachable {
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<max(1, min(destination.peer.profile.associations, batch.instances.count)) {
            group.addTask { await send(batch, backlog) }
          }
        }
      }
      if Task.isCancelled { return }
      while let left = backlog.take() {
        isReachable = false
        await operations.giveUp(left, "the destination cannot be reached, or hangs up")
      }
    }
  }

  /// What is left of a batch, shared by the associations on which it is sent.
  private final class Backlog: Sendable {
    private let left: Mutex<[ServedInstance]>

    init(_ instances: [ServedInstance]) { left = Mutex(instances.reversed()) }

    var count: Int { left.withLock(\.count) }
    func take() -> ServedInstance? { left.withLock { $0.popLast() } }
    func giveBack(_ instance: ServedInstance) { left.withLock { $0.append(instance) } }
  }

  /// How many objects an association accounted for.
  private final class Settled: Sendable {
    private let number = Atomic(0)

    var count: Int { number.load(ordering: .acquiring) }
    func note() { number.add(1, ordering: .releasing) }
  }

  private func send(_ batch: MoveBatch, _ backlog: Backlog) async {
    var failures = 0
    while backlog.count > 0, !Task.isCancelled {
      let settled = Settled()
      do {
        try await send(batch, backlog, settled)
      } catch {
        if Task.isCancelled { return }
        // Nothing was tried on it that counts: the next one is opened for this.
        if error is StaleAssociation, settled.count == 0 { continue }
        failures = settled.count > 0 ? 1 : failures + 1
        operations.logger.warning(
          "the association with the destination '\(destination.peer.name)' failed",
          metadata: ["error": "\(error)", "objects left": "\(backlog.count)"])
        guard failures < Self.mostFailures else { return }
        try? await Task.sleep(for: Self.pause)
      }
    }
  }

  private func send(_ batch: MoveBatch, _ backlog: Backlog, _ settled: Settled) async throws {
    let outstanding = min(Self.mostOutstanding, backlog.count)
    try await connecting.withAssociation(
      to: destination, proposing: batch.contexts, operations: outstanding
    ) { association in
      // Between an answer and the next object no other thread has to wake up.
      try await withTaskExecutorPreference(association.writer.executor) {
        try await send(backlog, over: association, atMost: outstanding, settled)
      }
    }
  }

  /// As many at once as the destination agreed to; usually one.
  private func send(
    _ backlog: Backlog, over association: Association, atMost most: Int, _ settled: Settled
  ) async throws {
    var user = ServiceUser(association)
    let window = user.window(atMost: most)
    let accepted = Dictionary(grouping: association.contexts.values, by: \.abstractSyntax)
      .mapValues { $0.map(\.transferSyntaxUID) }
    var outstanding: [UInt16: (planned: ServedInstance, object: OutgoingObject)] = [:]
    do {
      while true {
        while outstanding.count < window, !Task.isCancelled, let planned = backlog.take() {
          guard let (messageID, object) = try await begin(planned, accepted, backlog, &user, settled) else { continue }
          outstanding[messageID] = (planned, object)
        }
        guard !outstanding.isEmpty else { return }
        let (messageID, response) = try await user.nextStoreResponse()
        guard let answered = outstanding.removeValue(forKey: messageID) else { throw user.unasked(response) }
        settled.note()
        await operations.note(response.status ?? .processingFailure, of: answered.planned, sent: answered.object)
      }
    } catch {
      for (planned, _) in outstanding.values { backlog.giveBack(planned) }
      throw error
    }
  }

  /// nil where it is not sent, and accounted for.
  private func begin(
    _ planned: ServedInstance, _ accepted: [String: [String]], _ backlog: Backlog, _ user: inout ServiceUser,
    _ settled: Settled
  ) async throws -> (messageID: UInt16, object: OutgoingObject)? {
    do {
      guard let object = try await operations.prepare(planned, accepted: { accepted[$0] ?? [] }) else {
        settled.note()
        return nil
      }
      return (try await begin(object, &user), object)
    } catch let failure as SubOperationFailure {
      // An object that failed half way is accounted for, and not tried again.
      await operations.giveUp(planned, sentInPart: failure)
      settled.note()
      throw failure
    } catch {
      backlog.giveBack(planned)
      throw error
    }
  }

  private func begin(_ object: OutgoingObject, _ user: inout ServiceUser) async throws -> UInt16 {
    var object = object
    return try await user.beginStore(
      sopClassUID: object.sopClassUID, sopInstanceUID: object.sopInstanceUID,
      transferSyntaxUID: object.transferSyntaxUID, originator: originator
    ) { try await object.nextChunk() }
  }
}

/// Objects that share an association, and the presentation contexts that they need there.
struct MoveBatch: Sendable {
  let instances: [ServedInstance]
  let contexts: [ProposedPresentationContext]

  /// PS3.8 §9.3.2.2: odd context IDs up to 255.
  private static let mostContexts = 128

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
      if kinds.count + own.count > mostContexts {
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

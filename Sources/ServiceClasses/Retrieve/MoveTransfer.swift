// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
import DICOMData
package import DIMSE
import Logging
package import UpperLayer

/// Calls the destination of a C-MOVE; what stands above knows how connections are made.
package protocol MoveConnecting: Sendable {
  /// Runs `body` on an association with the destination, and releases it; what `body` throws aborts it.
  func withAssociation(
    to destination: MoveDestination, proposing contexts: [ProposedPresentationContext],
    _ body: (Association) async throws -> Void
  ) async throws
}

/// The sub-operations of one C-MOVE: on one association, unless its objects need more presentation contexts than one has.
struct MoveTransfer: Sendable {
  /// An association that fails is tried again once, and again whenever objects got through since.
  private static let mostFailures = 2
  private static let pause = Duration.milliseconds(500)

  let operations: SubOperations
  let instances: [ServedInstance]
  let destination: MoveDestination
  let originator: MoveOriginator
  let connecting: any MoveConnecting

  /// Returns when each object is accounted for, or the task was cancelled.
  func run() async {
    var failure: String?
    for batch in MoveBatch.batches(of: instances) {
      var next = 0
      var failures = 0
      while next < batch.instances.count, failure == nil, !Task.isCancelled {
        let first = next
        do {
          try await send(batch, from: &next)
        } catch {
          if Task.isCancelled { return }
          failures = next > first ? 1 : failures + 1
          operations.logger.warning(
            "the association with the move destination '\(destination.peer.name)' failed",
            metadata: ["error": "\(error)", "objects left": "\(batch.instances.count - next)"])
          if failures == Self.mostFailures {
            failure = "the destination cannot be reached, or hangs up"
          } else {
            try? await Task.sleep(for: Self.pause)
          }
        }
      }
      if Task.isCancelled { return }
      guard let failure else { continue }
      for instance in batch.instances[next...] { await operations.fail(instance, failure) }
    }
  }

  private func send(_ batch: MoveBatch, from next: inout Int) async throws {
    var index = next
    defer { next = index }
    try await connecting.withAssociation(to: destination, proposing: batch.contexts) { association in
      var user = ServiceUser(association)
      let accepted = Dictionary(grouping: association.contexts.values, by: \.abstractSyntax)
        .mapValues { $0.map(\.transferSyntaxUID) }
      while index < batch.instances.count, !Task.isCancelled {
        let instance = batch.instances[index]
        let counted = operations.progress.counts.remaining
        // An object that failed half way is accounted for, and not tried again.
        defer { if operations.progress.counts.remaining < counted { index += 1 } }
        try await operations.perform(instance, accepted: { accepted[$0] ?? [] }) { object in
          try await store(object, &user)
        }
      }
    }
  }

  private func store(_ object: OutgoingObject, _ user: inout ServiceUser) async throws -> Status {
    var object = object
    let messageID = try await user.beginStore(
      sopClassUID: object.sopClassUID, sopInstanceUID: object.sopInstanceUID,
      transferSyntaxUID: object.transferSyntaxUID, originator: originator
    ) { try await object.nextChunk() }
    let (answered, response) = try await user.nextStoreResponse()
    guard answered == messageID else { throw user.unasked(response) }
    return response.status ?? .processingFailure
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

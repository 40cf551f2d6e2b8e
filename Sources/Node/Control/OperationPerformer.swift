// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import Foundation
import PixelCodecs

/// Performs an administrator's operations on the archive, in the node or in a command that holds the directory itself.
struct OperationPerformer: Sendable {
  /// Of a node of which nothing else is said.
  private static let usualAETitle = "COLLIMATOR"

  private let archive: Archive
  private let codecs: CodecPool
  private let aeTitle: String?
  private let retryDeliveries: @Sendable () async -> Void
  private let status: (@Sendable () async -> NodeStatus)?
  private let reload: (@Sendable () async throws -> String)?
  private let gracePeriod: Duration?
  /// The node ends with it, and with that whoever asks: done when the answer is out.
  let standAside: @Sendable () -> Void

  /// `aeTitle`: the node's own, where one is running; the other arguments too are what only a running node has.
  init(
    archive: Archive, codecs: CodecPool, aeTitle: String? = nil,
    retryDeliveries: @escaping @Sendable () async -> Void = {}, status: (@Sendable () async -> NodeStatus)? = nil,
    reload: (@Sendable () async throws -> String)? = nil, gracePeriod: Duration? = nil,
    standAside: @escaping @Sendable () -> Void = {}
  ) {
    self.archive = archive
    self.codecs = codecs
    self.aeTitle = aeTitle
    self.retryDeliveries = retryDeliveries
    self.status = status
    self.reload = reload
    self.gracePeriod = gracePeriod
    self.standAside = standAside
  }

  func perform(
    _ operation: Operation, as user: Operator, _ progress: OperationProgress = OperationProgress()
  ) async throws -> OperationResult {
    do {
      if case .archive(let operation) = operation {
        return .archive(
          try await ArchiveOperationPerformer(archive: archive).perform(operation, as: user, progress))
      }
      return try await archive.settling { try await result(of: operation, by: user) }
    } catch let error as OperationError {
      throw error
    } catch {
      // The rooms below say in one sentence what is wrong; nothing of theirs crosses the socket but that.
      throw OperationError("\(error)")
    }
  }

  private func result(of operation: Operation, by user: Operator) async throws -> OperationResult {
    let administration = archive.administration(as: user)
    switch operation {
    case .addPeer, .listPeers, .setPeer, .setAnswers, .removePeer, .listKnocks, .addGroup, .listGroups, .removeGroup,
      .addGrant, .listGrants, .revokeGrant:
      return try await PeerOperations(administration: administration).result(of: operation)
    case .addUser, .listUsers, .setPassword, .addCertificate, .removeCertificate, .lockUser, .unlockUser, .removeUser,
      .addIssuer, .listIssuers, .removeIssuer:
      return try await UserOperations(administration: administration).result(of: operation)
    case .status:
      guard let status else { throw OperationError("no node is running on this directory") }
      return .status(await status())
    case .reload:
      guard let reload else { throw OperationError("no node is running on this directory") }
      return .done(try await reload())
    case .standAside:
      guard let gracePeriod else { throw OperationError("no node is running on this directory") }
      archive.audit.note(
        AuditEntry(at: archive.audit.time, .node, "node stood aside for a restore", by: AuditActor(user)))
      return .standsAside(within: Int(gracePeriod / .seconds(1)))
    case .importFile(let path, let issuer):
      return .imported(await FileImport(archive: archive, user: user, issuer: issuer).outcome(of: path))
    case .access(let operation):
      return .access(
        try await AccessPerformer(archive: archive, user: user, aeTitle: aeTitle ?? Self.usualAETitle).perform(
          operation))
    case .sharing(let operation):
      return .sharing(try await SharingPerformer(archive: archive, user: user).perform(operation))
    case .deliveries(let operation):
      let performer = DeliveriesPerformer(archive: archive, user: user, aeTitle: aeTitle, retry: retryDeliveries)
      return .deliveries(try await performer.perform(operation))
    case .records(let operation):
      return .records(try await RecordsPerformer(archive: archive, user: user).perform(operation))
    case .picture(let order):
      let maker = PictureMaker(pictures: archive.pictures(as: user), codecs: codecs.at(.urgent))
      return .picture(try await maker.picture(order))
    case .archive:
      throw OperationError("an operation on all that is stored has its own performer")
    }
  }
}

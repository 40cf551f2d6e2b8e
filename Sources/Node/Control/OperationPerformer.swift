// SPDX-License-Identifier: Apache-2.0

import Access
import Archive

/// Performs an administrator's operations on the archive, in the node or in a command that holds the directory itself.
struct OperationPerformer: Sendable {
  private let archive: Archive
  private let status: (@Sendable () -> NodeStatus)?

  /// `status` is what only a running node has.
  init(archive: Archive, status: (@Sendable () -> NodeStatus)? = nil) {
    self.archive = archive
    self.status = status
  }

  func perform(
    _ operation: Operation, as user: Operator, _ progress: OperationProgress = OperationProgress()
  ) async throws -> OperationResult {
    do {
      if case .archive(let operation) = operation {
        return .archive(
          try await ArchiveOperationPerformer(archive: archive).perform(operation, as: user, progress))
      }
      return try await result(of: operation, by: user)
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
    case .addPeer(let draft):
      let peer = try Peer(draft)
      try await administration.addPeer(peer)
      return .done(
        "'\(peer.name)' may \(peer.rights.names.joined(separator: ", ")) from \(draft.addresses.joined(separator: ", "))."
      )
    case .listPeers:
      return .peers(try await administration.peers().map(PeerListing.init))
    case .removePeer(let name):
      try await administration.removePeer(name)
      return .done("'\(name)' is no longer let in.")
    case .listKnocks:
      return .knocks(try await administration.knocks().map(KnockListing.init))
    case .addGroup(let name, let members):
      try await administration.setGroup(name, members: members)
      return .done("group '\(name)': \(members.joined(separator: ", "))")
    case .listGroups:
      return .groups(try await administration.groups().map(GroupListing.init))
    case .removeGroup(let name):
      try await administration.removeGroup(name)
      return .done("group '\(name)' is dissolved.")
    case .addGrant(let draft):
      let grant = try await administration.addGrant(to: draft.to, scope: GrantScope(draft.scope), until: draft.until)
      return .done("grant \(grant.number): \(grant.scope) is open to '\(draft.to)'.")
    case .listGrants:
      return .grants(try await administration.grants().map(GrantListing.init))
    case .revokeGrant(let number):
      try await administration.revokeGrant(number)
      return .done("grant \(number) is revoked.")
    case .status:
      guard let status else { throw OperationError("no node is running on this directory") }
      return .status(status())
    case .importFile(let path, let issuer):
      return .imported(await FileImport(archive: archive, user: user, issuer: issuer).outcome(of: path))
    case .records(let operation):
      return .records(try await RecordsPerformer(archive: archive, user: user).perform(operation))
    case .archive:
      throw OperationError("an operation on all that is stored has its own performer")
    }
  }
}

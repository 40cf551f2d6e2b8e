// SPDX-License-Identifier: Apache-2.0

import Access
import Archive

/// Performs an administrator's operations on the archive, in the node or in a command that holds the directory itself.
struct OperationPerformer: Sendable {
  private let archive: Archive
  private let status: (@Sendable () -> NodeStatus)?
  private let reload: (@Sendable () async throws -> String)?

  /// `status` and `reload` are what only a running node has.
  init(
    archive: Archive, status: (@Sendable () -> NodeStatus)? = nil, reload: (@Sendable () async throws -> String)? = nil
  ) {
    self.archive = archive
    self.status = status
    self.reload = reload
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
      return .done(Self.sentence(on: peer, from: draft.addresses))
    case .listPeers:
      return .peers(try await administration.peers().map(PeerListing.init))
    case .setPeer(let name, let demand, let allowsCleartextPasswords):
      let demand = try demand.map { try IdentityAssurance(word: $0) }
      try await administration.setPeer(name, demand: demand, allowsCleartextPasswords: allowsCleartextPasswords)
      return .done("'\(name)' is changed, from its next association on.")
    case .setAnswers(let peer, let most, let characterSet):
      try await administration.setAnswers(peer, most: most, characterSet: characterSet)
      return .done("'\(peer)' is answered so, from its next query on.")
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
    case .addUser, .listUsers, .setPassword, .addCertificate, .removeCertificate, .lockUser, .unlockUser, .removeUser,
      .addIssuer, .listIssuers, .removeIssuer:
      return try await UserOperations(administration: administration).result(of: operation)
    case .status:
      guard let status else { throw OperationError("no node is running on this directory") }
      return .status(status())
    case .reload:
      guard let reload else { throw OperationError("no node is running on this directory") }
      return .done(try await reload())
    case .importFile(let path, let issuer):
      return .imported(await FileImport(archive: archive, user: user, issuer: issuer).outcome(of: path))
    case .records(let operation):
      return .records(try await RecordsPerformer(archive: archive, user: user).perform(operation))
    case .archive:
      throw OperationError("an operation on all that is stored has its own performer")
    }
  }

  private static func sentence(on peer: Peer, from addresses: [String]) -> String {
    let may = "'\(peer.name)' may \(peer.rights.names.joined(separator: ", "))"
    let secured = peer.requiresTLS ? ", over TLS" : ""
    return switch peer.demand {
    case .aeTitleAlone: "\(may) from anywhere\(secured): anybody who says '\(peer.aeTitle)' is taken for it."
    case .aeTitleWithAddress: "\(may) from \(addresses.joined(separator: ", "))\(secured)."
    default: "\(may) from \(addresses.joined(separator: ", ")) with \(peer.demand)\(secured)."
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DIMSE
import NIOCore
import ServiceClasses
import UpperLayer

/// How this node calls its peers: where the table of peers says that they listen, and as their profiles say.
struct PeerCalls: MoveConnecting {
  let callingAETitle: String
  /// The associations that forwarding keeps: a peer may take no other beside them.
  var kept: KeptAssociations?
  /// nil where one call by itself takes no place.
  var places: Places?
  /// What a peer has for each answer.
  var answersWithin = TimeAmount.seconds(300)

  var associationsPerPeer: Int { places?.perPeer ?? .max }

  func withAssociation(
    to destination: MoveDestination, proposing contexts: [ProposedPresentationContext], operations: Int,
    _ body: @escaping @Sendable (Association) async throws -> Void
  ) async throws {
    try await withAssociation(to: destination, proposing: contexts, operations: operations, roles: [], body)
  }

  /// The same with roles that this node proposes to have (PS3.7 D.3.3.4).
  func withAssociation(
    to destination: MoveDestination, proposing contexts: [ProposedPresentationContext], operations: Int = 1,
    roles: [RoleSelection], _ body: (Association) async throws -> Void
  ) async throws {
    let node = try node(destination)
    await kept?.end(with: node)
    guard let places else {
      return try await node.withAssociation(proposing: contexts, operations: operations, roles: roles, body)
    }
    try await places.during(for: destination.peer.name) {
      try await node.withAssociation(proposing: contexts, operations: operations, roles: roles, body)
    }
  }

  /// Throws for a peer that has to use TLS and of which nobody said how it is called over TLS.
  func node(_ destination: MoveDestination) throws(OperationError) -> RemoteNode {
    let peer = destination.peer
    guard !peer.requiresTLS || peer.profile.tls != nil else {
      throw OperationError(
        "the peer '\(peer.name)' is for TLS alone: 'collimator peer set \(peer.name) --call-tls' says how it is called")
    }
    return RemoteNode(
      host: destination.host, port: destination.port, callingAETitle: callingAETitle,
      calledAETitle: peer.aeTitle.description, timeout: .seconds(10),
      responseTimeout: .nanoseconds(answersWithin.nanoseconds),
      tls: peer.profile.tls.map(TLSClientSettings.init), advice: .peer(peer.name))
  }
}

extension TLSClientSettings {
  init(_ tls: PeerProfile.TLS) {
    self.init(
      caFile: tls.caFile, certificateFile: tls.certificateFile, keyFile: tls.keyFile, serverName: tls.serverName,
      verification: tls.takesAnyName ? .authorityAlone : .authorityAndName)
  }
}

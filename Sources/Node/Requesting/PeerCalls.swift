// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DIMSE
import ServiceClasses
import UpperLayer

/// How this node calls its peers: where the table of peers says that they listen, and as their profiles say.
struct PeerCalls: MoveConnecting {
  let callingAETitle: String
  /// The associations that forwarding keeps: a peer may take no other beside them.
  var kept: KeptAssociations?

  func withAssociation(
    to destination: MoveDestination, proposing contexts: [ProposedPresentationContext], operations: Int,
    _ body: @escaping @Sendable (Association) async throws -> Void
  ) async throws {
    try await callable(destination).withAssociation(proposing: contexts, operations: operations, body)
  }

  /// The peer, once nothing is kept with it.
  func callable(_ destination: MoveDestination) async throws -> RemoteNode {
    let node = try node(destination)
    await kept?.end(with: node)
    return node
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
      tls: peer.profile.tls.map(TLSClientSettings.init))
  }
}

extension TLSClientSettings {
  init(_ tls: PeerProfile.TLS) {
    self.init(
      caFile: tls.caFile, certificateFile: tls.certificateFile, keyFile: tls.keyFile, serverName: tls.serverName,
      verification: tls.takesAnyName ? .authorityAlone : .authorityAndName)
  }
}

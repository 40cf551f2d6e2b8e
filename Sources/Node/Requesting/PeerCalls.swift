// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DIMSE
import ServiceClasses
import UpperLayer

/// How this node calls its peers: where the table of peers says that they listen, and as their profiles say.
struct PeerCalls: MoveConnecting {
  let callingAETitle: String

  func withAssociation(
    to destination: MoveDestination, proposing contexts: [ProposedPresentationContext], operations: Int,
    _ body: (Association) async throws -> Void
  ) async throws {
    try await node(destination).withAssociation(proposing: contexts, operations: operations, body)
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

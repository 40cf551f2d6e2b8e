// SPDX-License-Identifier: Apache-2.0

package import Access

/// A peer to which objects may be moved: where it listens, and the caller that it would be itself.
package struct MoveDestination: Sendable {
  package let peer: Peer
  package let host: String
  package let port: Int
  /// By its own grants it gets what it is sent, whoever asked for the move.
  package let caller: Caller
}

/// Which peer a Move Destination (0000,0600) names.
package enum MoveDestinationMatch: Sendable {
  case one(MoveDestination)
  /// No peer has this AE title.
  case unknown
  /// A peer has it and cannot be called; `why` is for the log.
  case unusable(why: String)
}

extension Archive {
  /// The table of peers is the only place that addresses come from.
  package func moveDestination(aeTitle: String) async throws -> MoveDestinationMatch {
    let title = AETitle(aeTitle)?.description ?? ""
    let peers = try await accessDirectory.entries().peersByTitle[title] ?? []
    guard let known = peers.first else { return .unknown }
    guard peers.count == 1 else {
      let names = peers.map { "'\($0.peer.name)'" }.sorted().joined(separator: ", ")
      return .unusable(why: "several peers have the AE title '\(title)': \(names)")
    }
    let peer = known.peer
    guard let port = peer.port else {
      return .unusable(why: "the peer '\(peer.name)' has no port at which it could be called")
    }
    guard peer.addresses.count == 1, let host = peer.addresses.first?.singleAddress else {
      return .unusable(why: "the peer '\(peer.name)' has to have the address of one host to be called")
    }
    let identity = EstablishedIdentity(principalName: peer.name, evidence: .aeTitleAndAddress)
    return .one(
      MoveDestination(
        peer: peer, host: host, port: port,
        caller: Caller(
          principal: known.principal, peer: known.principal, peerName: peer.name, identity: identity,
          aeTitle: peer.aeTitle.description, address: host)))
  }
}

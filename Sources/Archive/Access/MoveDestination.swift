// SPDX-License-Identifier: Apache-2.0

package import Access

/// A peer to which objects may be moved: where it listens, and the caller that it would be itself.
package struct MoveDestination: Sendable {
  package let peer: Peer
  package let host: String
  package let port: Int
  /// By its own grants it gets what it is sent, whoever asked for the move.
  package let caller: Caller

  package var description: String { "\(peer.name) (\(peer.aeTitle)) at \(host):\(port)" }
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
    return Self.destination(known.peer, known.principal, address: nil)
  }

  /// The peer of this name, which a command names.
  package func destination(named name: String) async throws -> MoveDestinationMatch {
    let found = try await accessDirectory.entries().peers.first { $0.value.name == name }
    guard let found else { return .unknown }
    return Self.destination(found.value, found.key, address: nil)
  }

  /// `address`: where the peer called from, for one of several addresses.
  static func destination(_ peer: Peer, _ principal: Int64, address: String?) -> MoveDestinationMatch {
    guard let port = peer.port else {
      return .unusable(why: "the peer '\(peer.name)' has no port at which it could be called")
    }
    let only = peer.addresses.count == 1 ? peer.addresses.first?.singleAddress : nil
    // Nobody is called who would not be let in from there.
    let called = only ?? address.flatMap { address in peer.addresses.contains { $0.contains(address) } ? address : nil }
    guard let host = called else {
      return .unusable(why: "the peer '\(peer.name)' has to have the address of one host to be called")
    }
    let identity = EstablishedIdentity(principalName: peer.name, evidence: .aeTitleAndAddress)
    return .one(
      MoveDestination(
        peer: peer, host: host, port: port,
        caller: Caller(
          principal: principal, peer: principal, peerName: peer.name, identity: identity,
          aeTitle: peer.aeTitle.description, address: host)))
  }
}

extension AccessDirectory.Entries {
  func destination(ofPeer principal: Int64, address: String? = nil) -> MoveDestinationMatch {
    guard let peer = peers[principal] else { return .unknown }
    return Archive.destination(peer, principal, address: address)
  }
}

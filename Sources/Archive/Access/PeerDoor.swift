// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// A peer as what somebody calls through: which services it is let into, and by whom, before any grant is asked.
struct PeerDoor: Sendable {
  let principal: Int64
  let peer: Peer
  let hasCeiling: Bool

  static func all(in database: Database) throws -> [PeerDoor] {
    let limited = try Set(Int64.fetchAll(database, sql: "SELECT principal FROM access_grant WHERE \(isCeiling)"))
    return try PeerTable.peers(in: database).map { principal, peer in
      PeerDoor(principal: principal, peer: peer, hasCeiling: limited.contains(principal))
    }
  }

  static func of(_ principal: Int64, in database: Database) throws -> PeerDoor? {
    guard let known = try PeerTable.peers(principal: principal, in: database).first else { return nil }
    let isLimited = try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM access_grant WHERE principal = ? AND \(isCeiling))",
      arguments: [principal])
    return PeerDoor(principal: principal, peer: known.peer, hasCeiling: isLimited ?? false)
  }

  private static let isCeiling = "effect = 'limits' AND state <> 'revoked'"

  /// As what the peer itself is known.
  var ownProof: IdentityAssurance { peer.addresses.isEmpty ? .aeTitleAlone : .aeTitleWithAddress }

  /// Whether it can be sent what others move or forward to it.
  var isDestination: Bool {
    guard case .one = Archive.destination(peer, principal, address: nil) else { return false }
    return true
  }

  /// What of a grant somebody so well known can use here.
  func usable(by known: IdentityAssurance) -> GrantRights {
    // Whoever shares does it by an administrator's hand, too.
    guard known >= peer.demand else { return .share }
    var usable = GrantRights.share
    if peer.rights.contains(.query) { usable.insert(.query) }
    if peer.rights.contains(.retrieve) { usable.formUnion([.retrieve, .send]) }
    if peer.rights.contains(.store) { usable.insert(.add) }
    return usable
  }

  /// What keeps somebody so well known from seeing anything through it.
  func obstacles(to known: IdentityAssurance) -> [String] {
    guard known >= peer.demand else {
      return ["the peer '\(peer.name)' demands \(peer.demand), the caller shows \(known)"]
    }
    let lacking = [("query", Rights.query), ("retrieve", .retrieve)].filter { !peer.rights.contains($0.1) }.map(\.0)
    guard !lacking.isEmpty else { return [] }
    return [
      "the peer '\(peer.name)' may not \(lacking.joined(separator: " or ")): collimator peer set '\(peer.name)' --may …"
    ]
  }

  func caller(_ name: String, _ principal: Int64, known: IdentityAssurance) -> Caller {
    Caller(
      principal: principal, peer: self.principal, peerName: peer.name,
      identity: EstablishedIdentity(principalName: name, evidence: known.exemplaryEvidence), aeTitle: "", address: "")
  }
}

extension IdentityAssurance {
  fileprivate var exemplaryEvidence: EstablishedIdentity.Evidence {
    switch self {
    case .aeTitleAlone: .aeTitle
    case .aeTitleWithAddress: .aeTitleAndAddress
    case .password: .password
    case .token: .token(issuer: "")
    case .certificate: .certificate(CertificateFingerprint(digest: [UInt8](repeating: 0, count: 32)))
    }
  }
}

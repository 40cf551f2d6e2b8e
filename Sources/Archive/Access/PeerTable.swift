// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// Peers as they stand in the database.
enum PeerTable {
  typealias Known = (principal: Int64, peer: Peer)

  static func peers(aeTitle: String? = nil, principal: Int64? = nil, in database: Database) throws -> [Known] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT principal.id, principal.name, ae_title, port, rights, accepts_private,
          demand, allows_cleartext_passwords,
          (SELECT group_concat(network, ' ') FROM peer_address WHERE peer_address.principal = peer.principal),
          requires_tls, nullif(issuer, ''), has_odd_titles, profile
        FROM peer JOIN principal ON principal.id = peer.principal
        WHERE (:title IS NULL OR ae_title = :title) AND (:principal IS NULL OR principal.id = :principal)
        ORDER BY principal.name
        """, arguments: ["title": aeTitle, "principal": principal])
    return rows.compactMap { row in
      let hasOddTitles: Bool = row[11]
      let text: String = row[2]
      guard let title = hasOddTitles ? AETitle(tolerating: text) : AETitle(text),
        let demand = IdentityAssurance(rawValue: row[6])
      else { return nil }
      let networks = (row[8] as String? ?? "").split(separator: " ").compactMap { Network(String($0)) }
      let peer = Peer(
        name: row[1], aeTitle: title, addresses: networks, port: row[3], rights: Rights(rawValue: row[4]),
        acceptsPrivateSOPClasses: row[5], requiresTLS: row[9], demand: demand, allowsCleartextPasswords: row[7],
        issuer: row[10], hasOddTitles: hasOddTitles, profile: profile(row[12]))
      return (row[0], peer)
    }
  }

  static func insert(_ peer: Peer, in database: Database) throws {
    try requireNoOther(than: nil, like: peer, in: database)
    let principal = try PrincipalTable.insert(peer.name, kind: "peer", in: database)
    try database.execute(
      sql: "INSERT INTO peer (principal, ae_title, rights, accepts_private) VALUES (?, '', 0, 0)",
      arguments: [principal])
    try write(peer, of: principal, in: database)
  }

  /// The name stays; all else becomes what `changed` makes of it.
  static func change(
    _ name: String, in database: Database, _ changed: (Peer) throws -> Peer
  ) throws {
    guard let known = try peers(in: database).first(where: { $0.peer.name == name }) else {
      throw ArchiveError("there is no peer '\(name)': see collimator peer list")
    }
    let peer = try changed(known.peer)
    if peer.demand > .aeTitleAlone, peer.addresses.isEmpty {
      throw ArchiveError("'\(name)' has no address from which it could come: give it one with --address")
    }
    try requireNoOther(than: known.principal, like: peer, in: database)
    try write(peer, of: known.principal, in: database)
  }

  private static func requireNoOther(than principal: Int64?, like peer: Peer, in database: Database) throws {
    for other in try peers(aeTitle: peer.aeTitle.description, in: database) where other.principal != principal {
      if peer.demand == .aeTitleAlone, other.peer.demand == .aeTitleAlone {
        throw ArchiveError("'\(peer.aeTitle)' from anywhere is the peer '\(other.peer.name)' already")
      }
      guard let shared = peer.addresses.first(where: other.peer.addresses.contains) else { continue }
      throw ArchiveError("'\(peer.aeTitle)' from \(shared) is the peer '\(other.peer.name)' already")
    }
  }

  private static func write(_ peer: Peer, of principal: Int64, in database: Database) throws {
    try database.execute(
      sql: """
        UPDATE peer SET ae_title = ?, port = ?, rights = ?, accepts_private = ?, requires_tls = ?, demand = ?,
          allows_cleartext_passwords = ?, issuer = ?, has_odd_titles = ?, profile = ?
        WHERE principal = ?
        """,
      arguments: [
        peer.aeTitle.description, peer.port, peer.rights.rawValue, peer.acceptsPrivateSOPClasses,
        peer.requiresTLS, peer.demand.rawValue, peer.allowsCleartextPasswords, MatchingForm.storable(peer.issuer ?? ""),
        peer.hasOddTitles, text(of: peer.profile), principal,
      ])
    try database.execute(sql: "DELETE FROM peer_address WHERE principal = ?", arguments: [principal])
    for network in Set(peer.addresses) {
      try database.execute(
        sql: "INSERT INTO peer_address (principal, network) VALUES (?, ?)",
        arguments: [principal, network.description])
    }
  }

  private static func profile(_ text: String) -> PeerProfile {
    (try? JSONDecoder().decode(PeerProfile.self, from: Data(text.utf8))) ?? PeerProfile()
  }

  private static func text(of profile: PeerProfile) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(profile), as: UTF8.self)
  }
}

/// Peers, users and groups share one space of names, so that a grant's grantee is one of them.
enum PrincipalTable {
  static func insert(_ name: String, kind: String, in database: Database) throws -> Int64 {
    guard isName(name) else { throw ArchiveError("a name has 1 to 64 bytes of UTF-8 and no control characters") }
    if let taken = try self.kind(of: name, in: database) {
      throw ArchiveError("there is a \(taken) '\(name)' already: choose another name, or remove it first")
    }
    try database.execute(sql: "INSERT INTO principal (kind, name) VALUES (?, ?)", arguments: [kind, name])
    return database.lastInsertedRowID
  }

  /// Fit for a line of a log too.
  static func isName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
      }
  }

  static func id(of name: String, kind: String? = nil, in database: Database) throws -> Int64? {
    try Int64.fetchOne(
      database, sql: "SELECT id FROM principal WHERE name = ? AND (? IS NULL OR kind = ?)",
      arguments: [name, kind, kind])
  }

  static func kind(of name: String, in database: Database) throws -> String? {
    try String.fetchOne(database, sql: "SELECT kind FROM principal WHERE name = ?", arguments: [name])
  }
}

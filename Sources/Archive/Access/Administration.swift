// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// A group of peers and users that share grants.
package struct PeerGroup: Sendable {
  package let name: String
  package let members: [String]
}

/// What an administrator changes; each change holds from the next request on.
package struct Administration: Sendable {
  let user: Operator
  let database: DatabasePool
  let passwords: PasswordThreads
  private let recorder: KnockRecorder
  let now: @Sendable () -> Double

  init(
    user: Operator, database: DatabasePool, passwords: PasswordThreads, knocks: KnockRecorder,
    now: @escaping @Sendable () -> Double
  ) {
    self.user = user
    recorder = knocks
    self.database = database
    self.passwords = passwords
    self.now = now
  }

  package func addPeer(_ peer: Peer) async throws {
    try await database.write { database in try PeerTable.insert(peer, in: database) }
  }

  package func peers() async throws -> [Peer] {
    try await database.read { database in try PeerTable.peers(in: database).map(\.peer) }
  }

  /// What a peer demands of its callers from the next association on; nil leaves as it is.
  package func setPeer(_ name: String, demand: IdentityAssurance?, allowsCleartextPasswords: Bool?) async throws {
    try await changePeer(name) { peer in
      Peer(
        name: peer.name, aeTitle: peer.aeTitle, addresses: peer.addresses, port: peer.port, rights: peer.rights,
        acceptsPrivateSOPClasses: peer.acceptsPrivateSOPClasses, requiresTLS: peer.requiresTLS,
        demand: demand ?? peer.demand,
        allowsCleartextPasswords: allowsCleartextPasswords ?? peer.allowsCleartextPasswords, issuer: peer.issuer,
        hasOddTitles: peer.hasOddTitles, profile: peer.profile)
    }
  }

  /// Whatever may change of a peer, from its next association on; its name is how it is told from others, and stays.
  package func changePeer(_ name: String, _ change: @escaping @Sendable (Peer) throws -> Peer) async throws {
    try await database.write { database in try PeerTable.change(name, in: database, change) }
  }

  package func removePeer(_ name: String) async throws {
    try await remove(name, kind: "peer")
  }

  package func knocks() async throws -> [Knock] {
    let fresh = recorder.take()
    return try await database.write { database in
      try KnockTable.record(fresh, in: database)
      return try KnockTable.all(in: database)
    }
  }

  /// Makes the group, or gives it other members.
  package func setGroup(_ name: String, members: [String]) async throws {
    try await database.write { database in
      let group =
        try PrincipalTable.id(of: name, kind: "group", in: database)
        ?? PrincipalTable.insert(name, kind: "group", in: database)
      try database.execute(sql: "DELETE FROM membership WHERE \"group\" = ?", arguments: [group])
      for member in Set(members) {
        guard let principal = try PrincipalTable.id(of: member, in: database), principal != group,
          try PrincipalTable.kind(of: member, in: database) != "group"
        else {
          throw ArchiveError("there is no peer or user '\(member)': see collimator peer list and collimator user list")
        }
        try database.execute(
          sql: "INSERT INTO membership (member, \"group\") VALUES (?, ?)", arguments: [principal, group])
      }
    }
  }

  package func groups() async throws -> [PeerGroup] {
    try await database.read { database in
      try Row.fetchAll(database, sql: "SELECT id, name FROM principal WHERE kind = 'group' ORDER BY name").map { row in
        let members = try String.fetchAll(
          database,
          sql: """
            SELECT principal.name FROM membership JOIN principal ON principal.id = member
            WHERE "group" = ? ORDER BY principal.name
            """, arguments: [row[0] as Int64])
        return PeerGroup(name: row[1], members: members)
      }
    }
  }

  package func removeGroup(_ name: String) async throws {
    try await remove(name, kind: "group")
  }

  package func addGrant(to grantee: String, scope: GrantScope, until: Double?) async throws -> Grant {
    let time = now()
    if let until, until <= time { throw ArchiveError("the grant would have ended before it began: --until is past") }
    return try await database.write { database in
      guard let principal = try PrincipalTable.id(of: grantee, in: database) else {
        throw ArchiveError(
          "there is no peer, user or group '\(grantee)': see collimator peer list and collimator user list")
      }
      return try GrantTable.insert(
        to: (principal, grantee), scope: scope, until: until, by: user.name, at: time, in: database)
    }
  }

  package func grants() async throws -> [Grant] {
    let time = now()
    return try await database.read { database in try GrantTable.all(at: time, in: database) }
  }

  package func revokeGrant(_ number: Int) async throws {
    let time = now()
    try await database.write { database in
      try database.execute(
        sql: "UPDATE access_grant SET revoked_by = ?, revoked_at = ? WHERE number = ? AND revoked_at IS NULL",
        arguments: [user.name, time, number])
      guard database.changesCount == 1 else {
        throw ArchiveError("there is no grant \(number) that could be revoked: see collimator grant list")
      }
    }
  }

  /// Its grants are revoked with it: a principal of the same name that comes later is another one.
  func remove(_ name: String, kind: String) async throws {
    let time = now()
    try await database.write { database in
      guard let id = try PrincipalTable.id(of: name, kind: kind, in: database) else {
        throw ArchiveError("there is no \(kind) '\(name)': see collimator \(kind) list")
      }
      try database.execute(
        sql: "UPDATE access_grant SET revoked_by = ?, revoked_at = ? WHERE principal = ? AND revoked_at IS NULL",
        arguments: [user.name, time, id])
      try database.execute(sql: "DELETE FROM principal WHERE id = ?", arguments: [id])
    }
  }
}

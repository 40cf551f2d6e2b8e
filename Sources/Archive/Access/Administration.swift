// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// A group of peers and users that share grants.
package struct PeerGroup: Sendable {
  package let name: String
  /// Who belong to it now.
  package let members: [String]
  /// Those, and who will.
  package let memberships: [Membership]
  package let kind: GroupKind?
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
    try await database.write { database in
      try PeerTable.insert(peer, in: database)
      try record(
        "peer added",
        "'\(peer.name)' may \(peer.rights.names.joined(separator: ", "))\(AuditFacts(peer).more)", in: database)
    }
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
    try await database.write { database in
      func facts() throws -> AuditFacts {
        try PeerTable.peers(in: database).first { $0.peer.name == name }.map { AuditFacts($0.peer) } ?? AuditFacts()
      }
      let before = try facts()
      try PeerTable.change(name, in: database, change)
      try record("peer changed", "'\(name)': \(before.changes(to: try facts()))", in: database)
    }
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

  /// Makes the group, or gives it other members; who belonged to it stays known.
  package func setGroup(_ name: String, members: [String]) async throws {
    let time = now()
    try await database.write { database in
      let (group, isNew) = try Self.group(name, in: database)
      let present = Set(try MembershipTable.members(of: group, at: time, in: database))
      for member in present.subtracting(members) {
        guard let principal = try PrincipalTable.id(of: member, in: database) else { continue }
        try MembershipTable.end(principal, in: group, by: user.name, at: time, database)
      }
      for member in Set(members).subtracting(present) {
        try MembershipTable.add(
          member, to: group, since: nil, until: nil, by: user.name, at: time, in: database)
      }
      let members = Set(members)
      let changes = [("joined", members.subtracting(present)), ("left", present.subtracting(members))]
        .filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.sorted().joined(separator: ", "))" }
      try record(
        "group changed",
        "'\(name)'\(isNew ? " is made" : ""): \((changes + ["members now: \(members.sorted().joined(separator: ", "))"]).joined(separator: "; "))",
        in: database)
    }
  }

  /// Made where there is none.
  static func group(_ name: String, in database: Database) throws -> (id: Int64, isNew: Bool) {
    if let group = try PrincipalTable.id(of: name, kind: "group", in: database) { return (group, false) }
    return (try PrincipalTable.insert(name, kind: "group", in: database), true)
  }

  package func groups() async throws -> [PeerGroup] {
    let time = now()
    return try await database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT id, name, group_kind FROM principal WHERE kind = 'group' ORDER BY name"
      ).map { row in
        PeerGroup(
          name: row[1], members: try MembershipTable.members(of: row[0], at: time, in: database),
          memberships: try MembershipTable.memberships(of: row[0], at: time, in: database),
          kind: (row[2] as String?).flatMap(GroupKind.init(rawValue:)))
      }
    }
  }

  package func removeGroup(_ name: String) async throws {
    try await remove(name, kind: "group")
  }

  /// Its grants are revoked with it: a principal of the same name that comes later is another one.
  func remove(_ name: String, kind: String) async throws {
    let time = now()
    try await database.write { database in
      guard let id = try PrincipalTable.id(of: name, kind: kind, in: database) else {
        throw ArchiveError("there is no \(kind) '\(name)': see collimator \(kind) list")
      }
      let facts = try AuditFacts(ofPrincipal: id, at: time, in: database)
      let count = try GrantTable.revoke(
        where: """
          principal = :id OR shared_by = :id
            OR consent IN (SELECT number FROM consent WHERE kind = 'permission' AND against = :id)
          """, ["id": id], because: "the \(kind) '\(name)' was removed", by: user.name, at: time, in: database)
      try database.execute(sql: "DELETE FROM principal WHERE id = ?", arguments: [id])
      try record("\(kind) removed", "'\(name)'\(facts.more); \(count) grants ended with it", in: database)
    }
  }
}

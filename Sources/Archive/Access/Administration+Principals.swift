// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// What is known of a peer, user or group beside its name.
package struct PrincipalDetails: Sendable {
  package let kind: String
  package let roles: [Role]
  package let attributes: [String: String]
  package let links: [PatientLink]
  package let groupKind: GroupKind?
}

extension Administration {
  package func details(of name: String) async throws -> PrincipalDetails {
    try await database.read { database in
      let (principal, kind) = try Self.principal(name, in: database)
      return PrincipalDetails(
        kind: kind, roles: try PrincipalDetailTable.roles(of: principal, in: database),
        attributes: try PrincipalDetailTable.attributes(of: principal, in: database),
        links: try PrincipalDetailTable.links(of: principal, in: database),
        groupKind: try String.fetchOne(
          database, sql: "SELECT group_kind FROM principal WHERE id = ?", arguments: [principal]
        ).flatMap(GroupKind.init(rawValue:)))
    }
  }

  private static func principal(_ name: String, in database: Database) throws -> (id: Int64, kind: String) {
    guard let id = try PrincipalTable.id(of: name, in: database),
      let kind = try PrincipalTable.kind(of: name, in: database)
    else { throw ArchiveError("there is no peer, user or group '\(name)'") }
    return (id, kind)
  }

  package func setRoles(_ roles: Set<Role>, ofUser name: String) async throws {
    try await database.write { database in
      let principal = try UserTable.principal(of: name, in: database)
      func facts() throws -> AuditFacts {
        let roles = try PrincipalDetailTable.roles(of: principal, in: database).map(\.rawValue)
        return AuditFacts([("roles", roles.joined(separator: ", "))])
      }
      let before = try facts()
      try PrincipalDetailTable.setRoles(roles, of: principal, in: database)
      try record("roles set", "'\(name)': \(before.changes(to: try facts()))", in: database)
    }
  }

  /// Of a peer, user or group; an empty value takes it away.
  package func setAttribute(_ attribute: String, _ value: String, of name: String) async throws {
    try await database.write { database in
      let (principal, _) = try Self.principal(name, in: database)
      func facts() throws -> AuditFacts {
        let value = try PrincipalDetailTable.attributes(of: principal, in: database)[attribute]
        return AuditFacts([(attribute, value.map { AuditFacts.shown($0, of: attribute) })])
      }
      let before = try facts()
      try PrincipalDetailTable.setAttribute(attribute, value, of: principal, in: database)
      try record("attribute set", "'\(name)': \(before.changes(to: try facts()))", in: database)
    }
  }

  /// Makes the group, or changes what it is; nil leaves as it is.
  package func setGroup(_ name: String, kind: GroupKind?) async throws {
    try await database.write { database in
      let (group, isNew) = try Self.group(name, in: database)
      guard let kind else {
        if isNew { try record("group added", "'\(name)'", in: database) }
        return
      }
      let before = try String.fetchOne(
        database, sql: "SELECT group_kind FROM principal WHERE id = ?", arguments: [group])
      try database.execute(
        sql: "UPDATE principal SET group_kind = ? WHERE id = ?", arguments: [kind.rawValue, group])
      let changes = AuditFacts([("kind", before)]).changes(to: AuditFacts([("kind", kind.rawValue)]))
      try record("group changed", "'\(name)'\(isNew ? " is made" : ""): \(changes)", in: database)
    }
  }

  /// From a moment, until a moment; nil from now, and without an end.
  package func addMember(_ member: String, toGroup name: String, since: Double?, until: Double?) async throws {
    let time = now()
    if let until, until <= time { throw ArchiveError("the membership would have ended already: --until is past") }
    try await database.write { database in
      let group = try Self.existingGroup(name, in: database)
      let before = try MembershipTable.spans(of: member, in: group, at: time, in: database)
      try MembershipTable.add(
        member, to: group, since: since, until: until, by: user.name, at: time, in: database)
      let now = try MembershipTable.spans(of: member, in: group, at: time, in: database)
      try record(
        "group changed", "'\(member)' is a member of '\(name)' \(now)" + (before.isEmpty ? "" : "; it was \(before)"),
        in: database)
    }
  }

  package func removeMember(_ member: String, fromGroup name: String) async throws {
    let time = now()
    try await database.write { database in
      let group = try Self.existingGroup(name, in: database)
      guard let principal = try PrincipalTable.id(of: member, in: database),
        try MembershipTable.lasts(principal, in: group, at: time, in: database)
      else { throw ArchiveError("'\(member)' is no member of '\(name)': see collimator group list") }
      let before = try MembershipTable.spans(of: member, in: group, at: time, in: database)
      try MembershipTable.end(principal, in: group, by: user.name, at: time, database)
      try record(
        "group changed",
        "'\(member)' is no member of '\(name)' any more" + (before.isEmpty ? "" : "; it was \(before)"), in: database)
    }
  }

  private static func existingGroup(_ name: String, in database: Database) throws -> Int64 {
    guard let group = try PrincipalTable.id(of: name, kind: "group", in: database) else {
      throw ArchiveError("there is no group '\(name)': see collimator group list")
    }
    return group
  }
}

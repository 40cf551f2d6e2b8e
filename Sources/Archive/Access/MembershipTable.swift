// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Who belongs to which group from when until when; what has ended stays, so that it can be told who could see what.
enum MembershipTable {
  /// That a membership holds now, of `membership`; `:now` is bound.
  static let holds =
    "(membership.since IS NULL OR membership.since <= :now) AND (membership.until IS NULL OR membership.until > :now)"

  static func add(
    _ member: String, to group: Int64, since: Double?, until: Double?, by user: String, at time: Double,
    in database: Database
  ) throws {
    guard let principal = try PrincipalTable.id(of: member, in: database), principal != group,
      try PrincipalTable.kind(of: member, in: database) != "group"
    else {
      throw ArchiveError("there is no peer or user '\(member)': see collimator peer list and collimator user list")
    }
    if let since, let until, until <= since { throw ArchiveError("a membership ends after it begins") }
    try close(principal, in: group, at: time, database)
    try database.execute(
      sql: "INSERT INTO membership (member, \"group\", since, until) VALUES (?, ?, ?, ?)",
      arguments: [principal, group, since ?? time, until])
    // It may end earlier than before, and a veto may be against the group.
    try ShareReview(by: user, because: "membership in a group", at: time, in: database).belongs(principal)
  }

  /// What the member shared by the group's grants, and has by permissions to the group, ends with it.
  static func end(
    _ member: Int64, in group: Int64, by user: String, at time: Double, _ database: Database
  ) throws {
    try close(member, in: group, at: time, database)
    try ShareReview(by: user, because: "the membership ended", at: time, in: database).belongs(member)
  }

  /// What never began is not kept.
  private static func close(_ member: Int64, in group: Int64, at time: Double, _ database: Database) throws {
    try database.execute(
      sql: "DELETE FROM membership WHERE member = ? AND \"group\" = ? AND since >= ?",
      arguments: [member, group, time])
    try database.execute(
      sql: """
        UPDATE membership SET until = ? WHERE member = ? AND "group" = ? AND (until IS NULL OR until > ?)
        """, arguments: [time, member, group, time])
  }

  /// From when until when somebody belongs, or will belong, to a group, in words.
  static func spans(of member: String, in group: Int64, at time: Double, in database: Database) throws -> String {
    try Row.fetchAll(
      database,
      sql: """
        SELECT since, until FROM membership JOIN principal ON principal.id = member
        WHERE name = ? AND "group" = ? AND (until IS NULL OR until > ?) ORDER BY since
        """, arguments: [member, group, time]
    ).map { row in
      let (since, until): (Double?, Double?) = (row[0], row[1])
      return (since.map { "from \(Moment.text($0)) " } ?? "") + (until.map { "until \(Moment.text($0))" } ?? "for good")
    }.joined(separator: ", ")
  }

  /// Whether somebody belongs to a group, now or from a later moment on.
  static func lasts(_ member: Int64, in group: Int64, at time: Double, in database: Database) throws -> Bool {
    try Bool.fetchOne(
      database,
      sql: "SELECT EXISTS (SELECT 1 FROM membership WHERE member = ? AND \"group\" = ? AND coalesce(until, 1e18) > ?)",
      arguments: [member, group, time]) ?? false
  }

  /// When the membership that holds ends, infinity for never; nil where none holds.
  static func end(of member: Int64, in group: Int64, at time: Double, in database: Database) throws -> Double? {
    let end = try Double.fetchOne(
      database,
      sql:
        "SELECT max(coalesce(until, 1e18)) FROM membership WHERE member = :member AND \"group\" = :group AND \(holds)",
      arguments: ["member": member, "group": group, "now": time])
    return end.map { $0 < 1e18 ? $0 : .infinity }
  }

  /// Who belongs, or will belong, to a group.
  static func memberships(of group: Int64, at time: Double, in database: Database) throws -> [Membership] {
    try lasting("principal.id = member", "\"group\"", group, at: time, in: database)
  }

  /// To which groups somebody belongs, or will belong.
  static func groupMemberships(of member: Int64, at time: Double, in database: Database) throws -> [Membership] {
    try lasting("principal.id = \"group\"", "member", member, at: time, in: database)
  }

  private static func lasting(
    _ other: String, _ column: String, _ principal: Int64, at time: Double, in database: Database
  ) throws -> [Membership] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT principal.name, since, until FROM membership JOIN principal ON \(other)
        WHERE \(column) = ? AND (until IS NULL OR until > ?) ORDER BY principal.name, since
        """, arguments: [principal, time]
    ).map { Membership(name: $0[0], since: $0[1], until: $0[2]) }
  }

  static func members(of group: Int64, at time: Double, in database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT principal.name FROM membership JOIN principal ON principal.id = member
        WHERE "group" = :group AND \(holds) ORDER BY principal.name
        """, arguments: ["group": group, "now": time])
  }

  static func groups(of member: Int64, at time: Double, in database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT principal.name FROM membership JOIN principal ON principal.id = "group"
        WHERE member = :member AND \(holds) ORDER BY principal.name
        """, arguments: ["member": member, "now": time])
  }
}

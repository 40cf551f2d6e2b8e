// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import GRDB

/// Users as they stand in the database, and how their passwords fared.
enum UserTable {
  typealias Password = (principal: Int64, hash: PasswordHash)

  /// Returns the user's principal.
  static func insert(
    _ name: String, password: PasswordHash?, by creator: String, at time: Double, in database: Database
  ) throws -> Int64 {
    let principal = try PrincipalTable.insert(name, kind: "user", in: database)
    try database.execute(
      sql: "INSERT INTO user (principal, created_by, created_at) VALUES (?, ?, ?)",
      arguments: [principal, creator, time])
    if let password { try setPassword(password, of: principal, in: database) }
    return principal
  }

  /// A new password ends a lock.
  static func setPassword(_ hash: PasswordHash, of principal: Int64, in database: Database) throws {
    try database.execute(
      sql: """
        UPDATE user SET salt = ?, hash = ?, rounds = ?, block_size = ?, parallelism = ?, failed_logins = 0,
          locked_until = NULL WHERE principal = ?
        """,
      arguments: [
        Data(hash.salt), Data(hash.key), hash.cost.rounds, hash.cost.blockSize, hash.cost.parallelism, principal,
      ])
  }

  static func principal(of name: String, in database: Database) throws -> Int64 {
    guard let principal = try PrincipalTable.id(of: name, kind: "user", in: database) else {
      throw ArchiveError("there is no user '\(name)': see collimator user list")
    }
    return principal
  }

  static func lock(_ name: String, by user: String, at time: Double, in database: Database) throws {
    try database.execute(
      sql: "UPDATE user SET locked_by = ?, locked_at = ? WHERE principal = ? AND locked_at IS NULL",
      arguments: [user, time, principal(of: name, in: database)])
  }

  /// Ends a lock too.
  static func unlock(_ name: String, in database: Database) throws {
    try database.execute(
      sql: """
        UPDATE user SET locked_by = NULL, locked_at = NULL, failed_logins = 0, locked_until = NULL
        WHERE principal = ?
        """, arguments: [principal(of: name, in: database)])
  }

  /// What keeps a user out, for the record.
  static func lockFacts(of name: String, in database: Database) throws -> AuditFacts {
    let row = try Row.fetchOne(
      database, sql: "SELECT locked_by, locked_at, failed_logins, locked_until FROM user WHERE principal = ?",
      arguments: [principal(of: name, in: database)])
    let failures: Int = row?[2] ?? 0
    return AuditFacts([
      ("locked by", row?[0]), ("locked on", (row?[1] as Double?).map(Moment.text)),
      ("wrong passwords", failures > 0 ? String(failures) : nil),
      ("no password taken until", (row?[3] as Double?).map(Moment.text)),
    ])
  }

  static func all(at time: Double, in database: Database) throws -> [User] {
    try Row.fetchAll(
      database, sql: "SELECT user.*, name FROM user JOIN principal ON id = principal ORDER BY name"
    ).map { row in
      let principal: Int64 = row["principal"]
      let lockedUntil: Double? = row["locked_until"]
      return User(
        name: row["name"], hasPassword: (row["hash"] as Data?) != nil, created: row["created_at"],
        createdBy: row["created_by"], isLocked: (row["locked_at"] as Double?) != nil,
        failedLogins: row["failed_logins"], lockedUntil: lockedUntil.flatMap { $0 > time ? $0 : nil },
        certificates: try UserCertificateTable.certificates(of: principal, in: database),
        groups: try MembershipTable.groups(of: principal, at: time, in: database),
        memberships: try MembershipTable.groupMemberships(of: principal, at: time, in: database),
        roles: try PrincipalDetailTable.roles(of: principal, in: database),
        attributes: try PrincipalDetailTable.attributes(of: principal, in: database),
        links: try PrincipalDetailTable.links(of: principal, in: database))
    }
  }

  /// How surely a user can be known: a token of any issuer that is believed may be theirs. nil where nothing proves them.
  static func strongestProof(
    of principal: Int64, at time: Double, in database: Database
  ) throws -> IdentityAssurance? {
    let word = try String.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT CASE
            WHEN EXISTS (SELECT 1 FROM user_certificate WHERE user = :user AND not_after > :now) THEN 'certificate'
            WHEN EXISTS (SELECT 1 FROM token_issuer) THEN 'token'
            WHEN EXISTS (SELECT 1 FROM user WHERE principal = :user AND hash IS NOT NULL) THEN 'password' END
          """), arguments: ["user": principal, "now": time])
    return word.flatMap(IdentityAssurance.init(rawValue:))
  }

  /// nil for an unknown name and for a user without a password.
  static func password(of name: String, in database: Database) throws -> Password? {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT principal, salt, hash, rounds, block_size, parallelism FROM user JOIN principal ON id = principal
        WHERE name = ? AND hash IS NOT NULL
        """, arguments: [name])
    return row.map { row in
      let cost = ScryptCost(rounds: row[3], blockSize: row[4], parallelism: row[5])
      return (row[0], PasswordHash(salt: Array(row[1] as Data), key: Array(row[2] as Data), cost: cost))
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Grants as they stand in the database; one that has ended stays, so that it can be told who could see what.
enum GrantTable {
  /// What happens to a grant after it was given.
  enum Change {
    case approve, suspend, resume, revoke
    case extend(until: Double?)

    /// What was done, for the record.
    var participle: String {
      switch self {
      case .approve: "approved"
      case .suspend: "suspended"
      case .resume: "resumed"
      case .revoke: "revoked"
      case .extend: "extended"
      }
    }

    /// In which a grant has to be; nil for any that has not been revoked.
    fileprivate var requiredState: Grant.State? {
      switch self {
      case .approve: .pending
      case .suspend: .active
      case .resume: .suspended
      case .revoke, .extend: nil
      }
    }
  }

  static func insert(
    to grantee: (principal: Int64, name: String), _ terms: GrantTerms, pending: Bool, by user: String, at time: Double,
    in database: Database
  ) throws -> Grant {
    let target = try TargetColumns(
      terms.scope, terms.narrowing, effect: terms.effect, standing: terms.relationship?.standing ?? .ordinary)
    let verified: (String?, Double?) = pending ? (nil, nil) : (user, time)
    let fixed: [(String, any DatabaseValueConvertible)] = [
      ("principal", grantee.principal), ("grantee", grantee.name), ("effect", terms.effect.rawValue),
      ("rights", terms.rights.rawValue), ("state", pending ? "pending" : "active"),
      ("least_assurance", terms.leastAssurance.rung), ("granted_by", user), ("granted_at", time),
    ]
    let optional: [(String, DatabaseValue)] = [
      ("since", terms.from.databaseValue), ("until", terms.until.databaseValue),
      ("relationship", (terms.relationship?.rawValue).databaseValue),
      ("purpose_of_use", terms.basis.purposeOfUse.databaseValue), ("consent", terms.basis.consent.databaseValue),
      ("reference", terms.basis.reference.databaseValue), ("origin", terms.origin.databaseValue),
      ("shared_from", (terms.basis.share?.grant).databaseValue),
      ("shared_by", (terms.basis.share?.sharer).databaseValue),
      ("verified_by", verified.0.databaseValue), ("verified_at", verified.1.databaseValue),
    ]
    let names = fixed.map(\.0) + optional.map(\.0) + TargetColumns.names
    let values = fixed.map(\.1.databaseValue) + optional.map(\.1) + target.values
    let marks = Array(repeating: "?", count: names.count).joined(separator: ", ")
    try database.cachedStatement(
      sql: "INSERT INTO access_grant (\(names.joined(separator: ", "))) VALUES (\(marks))"
    ).execute(arguments: StatementArguments(values))
    let number = Int(database.lastInsertedRowID)
    try note(number, until: terms.until, by: user, at: time, nil, in: database)
    if terms.effect == .limits { try reviewShares(of: grantee.principal, by: user, at: time, in: database) }
    guard let grant = try grant(number, at: time, in: database) else { throw ArchiveError("the grant was not kept") }
    return grant
  }

  /// A peer whose ceiling is another one now.
  private static func reviewShares(
    of principal: Int64?, by user: String, at time: Double, in database: Database
  ) throws {
    try ShareReview(by: user, because: "the sharer's ceiling changed", at: time, in: database)
      .perform(where: "shared_by = ?", [principal])
  }

  /// nil where whoever held it was removed.
  static func holder(of number: Int, in database: Database) throws -> Int64? {
    try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT principal FROM access_grant WHERE number = ?"), arguments: [number])
  }

  static func all(
    at time: Double, where condition: String = "1", _ arguments: StatementArguments = StatementArguments(),
    in database: Database
  ) throws -> [Grant] {
    try Row.fetchAll(
      database, sql: "SELECT * FROM access_grant WHERE \(condition) ORDER BY number", arguments: arguments
    ).map { grant($0, at: time) }
  }

  static func grant(_ number: Int, at time: Double, in database: Database) throws -> Grant? {
    try all(at: time, where: "number = ?", [number], in: database).first
  }

  static func grant(_ row: Row, at time: Double) -> Grant {
    let target = TargetColumns(row)
    let until: Double? = row["until"]
    let stored = Grant.State(rawValue: row["state"]) ?? .revoked
    let share = (row["shared_from"] as Int?).map { GrantShare(grant: $0, sharer: row["shared_by"] ?? 0) }
    let terms = GrantTerms(
      target.scope, effect: target.shape.effect, narrowing: target.narrowing,
      rights: GrantRights(rawValue: row["rights"]), from: row["since"], until: until,
      relationship: (row["relationship"] as String?).flatMap(Relationship.init(rawValue:)),
      basis: GrantBasis(
        purposeOfUse: row["purpose_of_use"], consent: row["consent"], reference: row["reference"], share: share),
      leastAssurance: IdentityAssurance(rung: row["least_assurance"]) ?? .certificate, origin: row["origin"])
    let hasEnded = stored != .revoked && until.map { $0 <= time } ?? false
    return Grant(
      number: row["number"], grantee: row["grantee"], terms: terms, state: hasEnded ? .expired : stored,
      grantedBy: row["granted_by"], grantedAt: row["granted_at"], verifiedBy: row["verified_by"],
      verifiedAt: row["verified_at"], revokedBy: row["revoked_by"], revokedAt: row["revoked_at"])
  }

  /// Throws, in words, where the grant's state does not allow it.
  static func change(
    _ number: Int, _ change: Change, reason: String?, by user: String, at time: Double, in database: Database
  ) throws -> Grant {
    guard let grant = try grant(number, at: time, in: database) else {
      throw ArchiveError("there is no grant \(number): see collimator grant list")
    }
    try requireBasis(of: grant, for: change, at: time, in: database)
    let sql = try update(grant, change, at: time)
    var named: [String: (any DatabaseValueConvertible)?] = ["number": number, "by": user, "at": time]
    if case .extend(let until) = change { named.updateValue(until, forKey: "until") }
    try database.execute(
      sql: "UPDATE access_grant SET \(sql) WHERE number = :number",
      arguments: StatementArguments(named.filter { sql.contains(":\($0.key)") || $0.key == "number" }))
    let until: Double? = if case .extend(let until) = change { until } else { grant.until }
    try note(number, until: until, by: user, at: time, reason, in: database)
    try follow(change, of: number, by: user, at: time, in: database)
    if grant.terms.effect == .limits {
      try reviewShares(of: holder(of: number, in: database), by: user, at: time, in: database)
    }
    return try self.grant(number, at: time, in: database) ?? grant
  }

  private static func update(_ grant: Grant, _ change: Change, at time: Double) throws(ArchiveError) -> String {
    let verified = "verified_by = :by, verified_at = :at"
    switch (change, grant.state) {
    case (.approve, .pending): return "state = 'active', \(verified)"
    case (.suspend, .active): return "state = 'suspended', suspended_with = NULL"
    case (.resume, .suspended): return "state = 'active', suspended_with = NULL"
    case (.revoke, .pending), (.revoke, .active), (.revoke, .suspended), (.revoke, .expired):
      return "state = 'revoked', revoked_by = :by, revoked_at = :at"
    case (.extend(let until), .active), (.extend(let until), .pending), (.extend(let until), .suspended),
      (.extend(let until), .expired):
      if let until, until <= time { throw ArchiveError("the grant would have ended already: --until is past") }
      // Each time with its reason, and as loud.
      if grant.terms.relationship == .emergency, until.map({ $0 > grant.until ?? $0 }) ?? true {
        throw ArchiveError("emergency access is not extended: collimator grant emergency gives it anew")
      }
      return "until = :until"
    case (.revoke, _), (_, .revoked):
      let end = grant.revokedAt.map { " on \(Moment.text($0))" } ?? ""
      throw ArchiveError(
        "grant \(grant.number) was revoked\(grant.revokedBy.map { " by \($0)" } ?? "")\(end): give another one")
    case (.approve, .expired), (.suspend, .expired), (.resume, .expired):
      throw ArchiveError(
        "grant \(grant.number) ended \(grant.until.map(Moment.text) ?? ""), and opens nothing: collimator grant extend "
          + "\(grant.number) --until DATE gives it another end first")
    case (.approve, _), (.suspend, _), (.resume, _), (.extend, _):
      let state = change.requiredState.map { ", not \($0.rawValue)" } ?? ""
      throw ArchiveError("grant \(grant.number) is \(grant.state.rawValue)\(state): it cannot be \(change.participle)")
    }
  }

  /// All that stand and meet a condition, and what was shared by them, on record; returns how many there were, without these.
  @discardableResult
  static func revoke(
    where condition: String, _ arguments: StatementArguments, because reason: String? = nil, by user: String,
    actor: AuditActor? = nil, at time: Double, in database: Database
  ) throws -> Int {
    try revoked(where: condition, arguments, because: reason, by: user, actor: actor, at: time, in: database).met
  }

  /// The same; returns those, and the shares by them, that had not ended by themselves.
  static func end(
    where condition: String, _ arguments: StatementArguments, because reason: String, by user: String,
    at time: Double, in database: Database
  ) throws -> [Int] {
    let ended = try revoked(
      where: condition, arguments, because: reason, by: user, actor: nil, at: time, in: database
    ).ended
    return try all(
      at: time, where: "number IN (SELECT value FROM json_each(?)) AND coalesce(until, 1e18) > ?",
      [IndexTables.json(ended.map(Int64.init)), time], in: database
    ).map(\.number)
  }

  private static func revoked(
    where condition: String, _ arguments: StatementArguments, because reason: String?, by user: String,
    actor: AuditActor?, at time: Double, in database: Database
  ) throws -> (met: Int, ended: [Int]) {
    let numbers = try Int.fetchAll(
      database, sql: "SELECT number FROM access_grant WHERE state <> 'revoked' AND (\(condition))",
      arguments: arguments)
    var ended: [Int] = []
    for number in numbers {
      for ending in try [number] + shares(of: number, in: database) {
        try database.cachedStatement(
          sql: """
            UPDATE access_grant SET state = 'revoked', revoked_by = ?, revoked_at = ?
            WHERE number = ? AND state <> 'revoked'
            """
        ).execute(arguments: [user, time, ending])
        guard database.changesCount == 1 else { continue }
        ended.append(ending)
        let reason = ending == number ? reason : "it rested on grant \(number)"
        try note(ending, until: nil, by: user, at: time, reason, in: database)
      }
    }
    try record(
      "grants revoked", ended, because: reason, by: actor ?? .operator(user), at: time, in: database)
    let ceilings = try GrantTable.all(
      at: time, where: "effect = 'limits' AND number IN (SELECT value FROM json_each(?))",
      [IndexTables.json(ended.map(Int64.init))], in: database)
    for ceiling in ceilings {
      try reviewShares(of: holder(of: ceiling.number, in: database), by: user, at: time, in: database)
    }
    return (numbers.count, ended)
  }

  /// The states that a grant was in, so that it can be told what it opened on a day: as it stands in its row.
  static func note(
    _ number: Int, until: Double?, by user: String, at time: Double, _ reason: String?, in database: Database
  ) throws {
    try database.cachedStatement(
      sql: """
        INSERT INTO grant_event (grant_number, at, made_by, state, until, reason)
        SELECT number, ?, ?, state, ?, ? FROM access_grant WHERE number = ?
        """
    ).execute(arguments: [time, user, until, reason, number])
  }
}

// SPDX-License-Identifier: Apache-2.0

package import Access
import Crypto
import Foundation
import GRDB

extension Administration {
  private static let longest = 366 * 86_400.0

  /// `sharer`: who opens it, by a grant with the right to share; nil for the administrator. The code is told here and never
  /// again.
  package func openCode(_ terms: CodeTerms, sharer: String?) async throws -> (number: Int, code: AccessCode) {
    let time = now()
    guard terms.seconds >= 60, terms.seconds <= Self.longest, terms.validity >= 60, terms.validity <= Self.longest
    else {
      throw ArchiveError("a code and what it opens last between a minute and a year")
    }
    switch terms.scope {
    case .patient, .study: break
    default: throw ArchiveError("a code opens a patient or a study")
    }
    let code = AccessCode()
    let number = try await database.write { database in
      let target = try TargetColumns(terms.scope, GrantNarrowing())
      var principal: Int64 = 0
      if let sharer {
        principal = try Self.principalID(sharer, in: database)
        guard try SharingRight.end(of: principal, target.scope, terms.rights, at: time, in: database) != nil else {
          throw ArchiveError("'\(sharer)' has no grant by which \(target.scope) could be shared with these rights")
        }
      }
      let columns = Dictionary(zip(TargetColumns.names, target.values), uniquingKeysWith: { first, _ in first })
      let scope: [DatabaseValue] = ["scope", "patient_id", "issuer", "study_uid"].map { columns[$0] ?? .null }
      let rest: [DatabaseValue] = [
        terms.rights.rawValue.databaseValue, terms.seconds.databaseValue, principal.databaseValue,
        (sharer ?? user.name).databaseValue, time.databaseValue, (time + terms.validity).databaseValue,
      ]
      try database.execute(
        sql: """
          INSERT INTO access_code (hash, scope, patient_id, issuer, study_uid, rights, seconds, sharer, opened_by,
            opened_at, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: StatementArguments([Data(code.hash).databaseValue] + scope + rest))
      let number = Int(database.lastInsertedRowID)
      try record(
        "grant code opened", "code \(number) for \(terms.scope), shared by '\(sharer ?? user.name)'",
        subjects: [AuditSubject](terms.scope), in: database)
      return number
    }
    return (number, code)
  }

  private static func principalID(_ name: String, in database: Database) throws -> Int64 {
    guard let id = try PrincipalTable.id(of: name, in: database) else {
      throw ArchiveError("there is no peer, user or group '\(name)'")
    }
    return id
  }

  package func codes() async throws -> [OpenedCode] {
    try await database.read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM access_code ORDER BY number").map { row in
        OpenedCode(
          number: row["number"], scope: CodeRedemption.scope(row), openedBy: row["opened_by"],
          openedAt: row["opened_at"], until: row["until"], redeemedBy: row["redeemed_by"],
          redeemedAt: row["redeemed_at"], grant: row["grant_number"])
      }
    }
  }

  /// As a peer or user who was authenticated. A wrong code, one that was used and one that has ended are refused alike;
  /// after some of them in a row nothing is taken from them for a while, over a restart too.
  package func redeem(_ text: String, as name: String) async throws -> Grant {
    let time = now()
    let outcome = try await database.write { database in
      let principal = try Self.principalID(name, in: database)
      guard try PrincipalTable.kind(of: name, in: database) != "group" else {
        throw ArchiveError("a code is redeemed by one peer or user, not by a group")
      }
      let isLocked = try Int.fetchOne(
        database, sql: "SELECT 1 FROM user WHERE principal = ? AND locked_at IS NOT NULL", arguments: [principal])
      guard isLocked == nil else { throw ArchiveError("the user '\(name)' is locked") }
      let outcome = try CodeRedemption(principal: principal, name: name, time: time, in: database).perform(
        AccessCode(text))
      try recordRedemption(outcome, as: name, in: database)
      return outcome
    }
    // The count of failures is on the disk before anybody hears of one.
    return try outcome.get()
  }
}

extension Administration {
  private func recordRedemption(
    _ outcome: Result<Grant, ArchiveError>, as name: String, in database: Database
  ) throws {
    switch outcome {
    case .success(let grant):
      try record(
        "grant code redeemed", "by '\(name)': grant \(grant.number), \(grant.terms.scope)", grants: [grant.number],
        subjects: [AuditSubject](grant.terms.scope), in: database)
    case .failure(let reason):
      try AuditTable.append(
        AuditEntry(
          at: now(), .change, "grant code refused", .refused, by: AuditActor(user),
          detail: "to '\(name)': \(reason.description)"), in: database)
    }
  }
}

/// One attempt with a code, in a transaction.
struct CodeRedemption {
  let principal: Int64
  let name: String
  let time: Double
  let database: Database

  init(principal: Int64, name: String, time: Double, in database: Database) {
    self.principal = principal
    self.name = name
    self.time = time
    self.database = database
  }

  func perform(_ code: AccessCode?) throws -> Result<Grant, ArchiveError> {
    let state = try Row.fetchOne(
      database, sql: "SELECT failures, locked_until FROM code_attempt WHERE principal = ?", arguments: [principal])
    let failures: Int = state?[0] ?? 0
    if let until = state?[1] as Double?, until > time {
      let minutes = Int((min(until - time, 1e6) / 60).rounded(.up))
      return .failure(
        ArchiveError("'\(name)' may try no code for \(minutes) more minutes after \(failures) wrong ones"))
    }
    guard let row = try open(code), let until = try end(row) else { return .failure(try fail(after: failures)) }
    try database.execute(sql: "DELETE FROM code_attempt WHERE principal = ?", arguments: [principal])
    let number: Int = row["number"]
    let opener: String = row["opened_by"]
    let terms = GrantTerms(
      Self.scope(row), rights: GrantRights(rawValue: row["rights"]), until: until, relationship: .share,
      basis: GrantBasis(purposeOfUse: "TREAT", reference: "code \(number)"), origin: "code \(number)")
    let grant = try GrantTable.insert(
      to: (principal, name), terms, pending: false, by: opener, at: time, in: database)
    try database.execute(
      sql: "UPDATE access_code SET redeemed_by = ?, redeemed_at = ?, grant_number = ? WHERE number = ?",
      arguments: [name, time, grant.number, number])
    return .success(grant)
  }

  /// Every open code is compared in full: how long it takes says nothing of any.
  private func open(_ code: AccessCode?) throws -> Row? {
    let rows = try Row.fetchAll(
      database, sql: "SELECT * FROM access_code WHERE redeemed_at IS NULL AND until > ?", arguments: [time])
    let hash = code?.hash ?? SHA256.hash(data: [])
    var found: Row?
    for row in rows where hash == (row["hash"] as Data) { found = row }
    return code == nil ? nil : found
  }

  /// When the grant would end: not after that by which its sharer shares; nil where they may share it no more.
  private func end(_ row: Row) throws -> Double? {
    let end = time + (row["seconds"] as Double)
    let sharer: Int64 = row["sharer"]
    guard sharer != 0 else { return end }
    return try SharingRight.end(
      of: sharer, Self.scope(row), GrantRights(rawValue: row["rights"]), at: time, in: database
    ).map { min($0, end) }
  }

  private func fail(after failures: Int) throws -> ArchiveError {
    let lock = Lockout.duration(afterFailures: failures + 1)
    try database.execute(
      sql: """
        INSERT INTO code_attempt (principal, failures, locked_until) VALUES (?, ?, ?)
        ON CONFLICT (principal) DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until
        """, arguments: [principal, failures + 1, lock.map { time + $0 }])
    return ArchiveError("this is no code that could be redeemed: it is wrong, was used, or has ended")
  }

  static func scope(_ row: Row) -> GrantScope {
    let issuer: String? = row["issuer"]
    return switch row["scope"] as String {
    case "patient": .patient(id: row["patient_id"] ?? "", issuer: issuer.flatMap { $0.isEmpty ? nil : $0 })
    default: .study(uid: row["study_uid"] ?? "")
    }
  }
}

/// Whether somebody may open something to others.
enum SharingRight {
  /// When the longest grant ends by which this principal shares all of it with these rights; nil where there is none. One
  /// that is narrowed shares nothing: what a code opens would be more.
  static func end(
    of principal: Int64, _ scope: GrantScope, _ rights: GrantRights, at time: Double, in database: Database
  ) throws -> Double? {
    let isLocked = try Int.fetchOne(
      database, sql: "SELECT 1 FROM user WHERE principal = ? AND locked_at IS NOT NULL", arguments: [principal])
    guard isLocked == nil else { return nil }
    let grants = try GrantTable.all(
      at: time,
      where: """
        effect = 'opens' AND state = 'active' AND coalesce(since, 0) <= :now AND (principal = :principal
          OR principal IN (SELECT "group" FROM membership WHERE member = :principal
            AND coalesce(since, 0) <= :now AND coalesce(until, 1e18) > :now))
        """, ["now": time, "principal": principal], in: database)
    return try grants.filter { grant in
      try grant.state == .active && grant.terms.narrowing == GrantNarrowing()
        && grant.terms.rights.isSuperset(of: rights.union(.share)) && covers(grant.scope, scope, in: database)
    }.map { $0.until ?? .greatestFiniteMagnitude }.max()
  }

  private static func covers(_ own: GrantScope, _ scope: GrantScope, in database: Database) throws -> Bool {
    switch (own, scope) {
    case (.everything, _): return true
    case (.patient(let id, let issuer), .study(let uid)):
      // Of nobody else, or theirs would be opened too.
      let holders = try Row.fetchAll(
        database,
        sql: """
          SELECT DISTINCT patient_id, issuer FROM study JOIN patient ON patient.id = study.patient
          WHERE v_0020000d = ? AND aside = 0
          """, arguments: [uid])
      return holders.count == 1 && holders.allSatisfy { $0[0] == id && $0[1] == issuer ?? "" }
    default: return own == scope
    }
  }
}

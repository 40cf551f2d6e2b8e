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
      try NamedTarget(target.scope, in: database).require()
      var principal: Int64 = 0
      if let sharer {
        principal = try Self.principalID(sharer, in: database)
        _ = try Self.shared(GrantTerms(target.scope, rights: terms.rights), by: sharer, at: time, in: database)
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
        "grant code opened",
        "code \(number) for \(terms.scope), shared by '\(sharer ?? user.name)'; may \(terms.rights); for "
          + "\(AuditFacts.length(terms.seconds)); to be redeemed until \(Moment.text(time + terms.validity))",
        subjects: [AuditSubject](terms.scope), in: database)
      return number
    }
    return (number, code)
  }

  /// What is asked for, as far as somebody may open it to others; throws, in words, where they may not.
  static func shared(
    _ terms: GrantTerms, by sharer: String, at time: Double, in database: Database
  ) throws -> GrantTerms {
    guard try PrincipalTable.kind(of: sharer, in: database) != "group" else {
      throw ArchiveError("it is one peer or user who shares, not the group '\(sharer)'")
    }
    let right = try SharingRight(
      of: try principalID(sharer, in: database), toOpen: terms, at: time, in: database)
    guard let right else {
      throw ArchiveError("'\(sharer)' has no grant by which \(terms.scope) could be shared with these rights")
    }
    return right.terms(terms)
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
  ///
  /// `actor`: whose deed it is; nil for the administrator's, who knows them.
  package func redeem(_ text: String, as name: String, by actor: AuditActor? = nil) async throws -> Grant {
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
      try recordRedemption(outcome, as: name, by: actor ?? AuditActor(user), in: database)
      return outcome
    }
    // The count of failures is on the disk before anybody hears of one.
    return try outcome.get()
  }
}

extension Archive {
  /// As whoever calls, with whatever they have proven; the deed is theirs.
  package func redeem(_ text: String, as caller: Caller) async throws -> Grant {
    let administration = administration(as: .current)
    let name = caller.identity.principalName
    if let refusal = try await administration.refusal(ofCodesFrom: name) {
      // Whoever goes on guessing takes neither the disk nor the turn of those who write: what is refused is counted.
      audit.noteRefusal(ofCodeFrom: AuditActor(caller), "to '\(name)': no code is taken after wrong ones")
      throw refusal
    }
    return try await administration.redeem(text, as: name, by: AuditActor(caller))
  }
}

extension Administration {
  /// While no code is taken from somebody: how long that is. It is read, and nothing written.
  func refusal(ofCodesFrom name: String) async throws -> ArchiveError? {
    let time = now()
    return try await database.read { database in
      guard let principal = try PrincipalTable.id(of: name, in: database) else { return nil }
      return try CodeRedemption(principal: principal, name: name, time: time, in: database).lock()
    }
  }

  private func recordRedemption(
    _ outcome: Result<Grant, ArchiveError>, as name: String, by actor: AuditActor, in database: Database
  ) throws {
    switch outcome {
    case .success(let grant):
      try AuditTable.append(
        AuditEntry(
          at: now(), .change, "grant code redeemed", by: actor, grants: [grant.number],
          detail: "by '\(name)': \(grant.words)",
          subjects: [AuditSubject](grant.terms.scope)), in: database)
    case .failure(let reason):
      try AuditTable.append(
        AuditEntry(
          at: now(), .change, "grant code refused", .refused, by: actor,
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
    if let lock = try lock() { return .failure(lock) }
    guard let row = try open(code), let terms = try terms(row) else {
      return .failure(try fail(after: try state().failures))
    }
    try database.execute(sql: "DELETE FROM code_attempt WHERE principal = ?", arguments: [principal])
    let number: Int = row["number"]
    let opener: String = row["opened_by"]
    let grant = try GrantTable.insert(
      to: (principal, name), terms, pending: false, by: opener, at: time, in: database)
    try database.execute(
      sql: "UPDATE access_code SET redeemed_by = ?, redeemed_at = ?, grant_number = ? WHERE number = ?",
      arguments: [name, time, grant.number, number])
    return .success(grant)
  }

  private func state() throws -> (failures: Int, lockedUntil: Double?) {
    let row = try Row.fetchOne(
      database, sql: "SELECT failures, locked_until FROM code_attempt WHERE principal = ?", arguments: [principal])
    return (row?[0] ?? 0, row?[1])
  }

  /// Why nothing is taken now; nil where it is.
  func lock() throws -> ArchiveError? {
    let (failures, until) = try state()
    guard let until, until > time else { return nil }
    let minutes = Int((min(until - time, 1e6) / 60).rounded(.up))
    return ArchiveError("no code is taken from you for \(minutes) more minutes after \(failures) wrong ones")
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

  /// What the code opens; nil where its sharer may share it no more.
  private func terms(_ row: Row) throws -> GrantTerms? {
    let number: Int = row["number"]
    let terms = GrantTerms(
      Self.scope(row), rights: GrantRights(rawValue: row["rights"]), until: time + (row["seconds"] as Double),
      relationship: .share, basis: GrantBasis(purposeOfUse: "TREAT", reference: "code \(number)"),
      origin: "code \(number)")
    let sharer: Int64 = row["sharer"]
    guard sharer != 0 else { return terms }
    return try SharingRight(of: sharer, toOpen: terms, at: time, in: database)?.terms(terms)
  }

  private func fail(after failures: Int) throws -> ArchiveError {
    let lock = Lockout.duration(afterFailures: failures + 1)
    try database.execute(
      sql: """
        INSERT INTO code_attempt (principal, failures, locked_until) VALUES (?, ?, ?)
        ON CONFLICT (principal) DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until
        """, arguments: [principal, failures + 1, lock.map { time + $0 }])
    return ArchiveError("no code to redeem: it is wrong, was used, or has ended")
  }

  static func scope(_ row: Row) -> GrantScope {
    let issuer: String? = row["issuer"]
    return switch row["scope"] as String {
    case "patient": .patient(id: row["patient_id"] ?? "", issuer: issuer.flatMap { $0.isEmpty ? nil : $0 })
    default: .study(uid: row["study_uid"] ?? "")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// By which of their grants somebody may open something to others: no more than they have themselves, and no longer.
struct SharingRight {
  private let grant: Grant
  private let sharer: Int64
  /// When it ends: the grant, or the membership by which the sharer has it; nil for never.
  private let until: Double?

  /// The one that holds longest; nil where there is none.
  init?(
    of sharer: Int64, toOpen terms: GrantTerms, at time: Double, in database: Database
  ) throws {
    let isLocked = try Int.fetchOne(
      database, sql: "SELECT 1 FROM user WHERE principal = ? AND locked_at IS NOT NULL", arguments: [sharer])
    guard isLocked == nil, terms.effect == .opens else { return nil }
    let holders = try Self.holders(sharer, at: time, in: database)
    let grants = try GrantTable.all(
      at: time,
      where: """
        effect = 'opens' AND state = 'active' AND coalesce(since, 0) <= ?
          AND principal IN (SELECT value FROM json_each(?))
        """, [time, IndexTables.json(holders.keys)], in: database)
    var found: (grant: Grant, until: Double)?
    for grant in grants where grant.state == .active && grant.terms.rights.isSuperset(of: terms.rights.union(.share)) {
      guard terms.narrowing.isWithin(grant.terms.narrowing),
        try Self.covers(grant.scope, terms.scope, in: database)
      else { continue }
      // A patient's veto is not against the patient.
      if grant.terms.relationship?.standing != .own,
        try Self.isForbidden(Array(holders.keys), terms.scope, at: time, in: database)
      {
        continue
      }
      let holder = try Int64.fetchOne(
        database, sql: "SELECT principal FROM access_grant WHERE number = ?", arguments: [grant.number])
      let end = min(grant.until ?? .infinity, holder.flatMap { holders[$0] } ?? 0)
      if let best = found, best.until >= end { continue }
      found = (grant, end)
    }
    guard let found else { return nil }
    (grant, until, self.sharer) = (found.grant, found.until == .infinity ? nil : found.until, sharer)
  }

  /// What is asked for, as far as it can be shared.
  func terms(_ asked: GrantTerms) -> GrantTerms {
    var terms = asked
    terms.until = [asked.until, until].compactMap(\.self).min()
    terms.leastAssurance = max(asked.leastAssurance, grant.terms.leastAssurance)
    terms.relationship = .share
    terms.basis.share = GrantShare(grant: grant.number, sharer: sharer)
    return terms
  }

  /// The sharer, and their groups with the end of the membership; infinity for none.
  private static func holders(_ sharer: Int64, at time: Double, in database: Database) throws -> [Int64: Double] {
    var holders: [Int64: Double] = [sharer: .infinity]
    let rows = try Row.fetchAll(
      database,
      sql: "SELECT \"group\", until FROM membership WHERE member = :sharer AND \(MembershipTable.holds)",
      arguments: ["sharer": sharer, "now": time])
    for row in rows { holders[row[0]] = max(holders[row[0]] ?? 0, row[1] ?? .infinity) }
    return holders
  }

  private static func covers(_ own: GrantScope, _ scope: GrantScope, in database: Database) throws -> Bool {
    switch (own, scope) {
    case (.everything, _): return true
    case (.patient(let id, let issuer), .study), (.patient(let id, let issuer), .series):
      // Of nobody else, or theirs would be opened too.
      let patients = try places(of: scope, in: database)
      return !patients.isEmpty && patients.allSatisfy { $0.patient == id && $0.issuer == issuer ?? "" }
    case (.study(let uid), .series):
      let studies = try places(of: scope, in: database)
      return !studies.isEmpty && studies.allSatisfy { $0.study == uid }
    default: return own == scope
    }
  }

  private typealias Place = (patient: String, issuer: String, study: String)

  /// Whose a study or series is, as it is shown.
  private static func places(of scope: GrantScope, in database: Database) throws -> [Place] {
    let (column, uid): (String, String)
    switch scope {
    case .study(let named): (column, uid) = ("study.v_0020000d", named)
    case .series(let named): (column, uid) = ("series.v_0020000e", named)
    case .everything, .patient: return []
    }
    return try Row.fetchAll(
      database,
      sql: """
        SELECT DISTINCT patient_id, issuer, v_0020000d FROM patient JOIN study ON study.patient = patient.id
          JOIN series ON series.study = study.id WHERE \(column) = ? AND aside = 0
        """, arguments: [uid]
    ).map { (patient: $0[0], issuer: $0[1], study: $0[2]) }
  }

  /// Whether a veto against the sharer is on anything of it: what they may not see they do not show to others.
  private static func isForbidden(
    _ holders: [Int64], _ scope: GrantScope, at time: Double, in database: Database
  ) throws -> Bool {
    let (condition, values): (String, [String])
    switch scope {
    case .everything: (condition, values) = ("1", [])
    case .patient(let id, let issuer):
      (condition, values) = (
        "(v.patient_id = ? AND v.issuer = ?) OR place.patient_id = ? AND place.issuer = ?",
        [id, issuer ?? "", id, issuer ?? ""]
      )
    case .study(let uid): (condition, values) = ("v.study_uid = ? OR place.v_0020000d = ?", [uid, uid])
    case .series(let uid): (condition, values) = ("v.series_uid = ? OR place.v_0020000e = ?", [uid, uid])
    }
    let times: [DatabaseValue] = [IndexTables.json(holders).databaseValue, time.databaseValue, time.databaseValue]
    return try Bool.fetchOne(
      database,
      sql: """
        SELECT EXISTS (
          SELECT 1 FROM consent AS v LEFT JOIN (
            SELECT patient_id, issuer, v_0020000d, v_0020000e FROM patient JOIN study ON study.patient = patient.id
              JOIN series ON series.study = study.id) AS place
            ON (place.patient_id = v.patient_id AND place.issuer = v.issuer) OR place.v_0020000d = v.study_uid
              OR place.v_0020000e = v.series_uid
          WHERE v.kind = 'veto' AND v.withdrawn_at IS NULL AND v.against IN (SELECT value FROM json_each(?))
            AND coalesce(v.since, 0) <= ? AND coalesce(v.until, 1e18) > ? AND (\(condition)))
        """, arguments: StatementArguments(times + values.map(\.databaseValue))) ?? false
  }
}

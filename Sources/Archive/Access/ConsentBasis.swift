// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// What a consent lets a grant be that rests on it: about its patient, for its party, for as long as it holds.
enum ConsentBasis {
  /// The terms as far as the consent lets them go; as they are where they rest on none. Throws, in words, what it does not allow.
  static func bounded(
    _ terms: GrantTerms, to grantee: (principal: Int64, name: String), at time: Double, in database: Database
  ) throws -> GrantTerms {
    guard let number = terms.basis.consent else { return terms }
    guard let consent = try standing(number, in: database) else {
      throw ArchiveError("there is no consent \(number) that a grant could rest on")
    }
    guard consent.until.map({ $0 > time }) ?? true else { throw ArchiveError("consent \(number) has ended") }
    guard try isOf(consent, terms.scope, in: database) else {
      throw ArchiveError("consent \(number) is about \(consent.scope): a grant of \(terms.scope) cannot rest on it")
    }
    guard consent.narrowing == GrantNarrowing() || consent.narrowing == terms.narrowing else {
      throw ArchiveError("consent \(number) is about a part of that: narrow the grant as it says")
    }
    let partyEnd = try partyEnd(of: number, for: grantee.principal, at: time, in: database)
    guard partyEnd > time else {
      throw ArchiveError("consent \(number) is for '\(consent.party ?? "")', not for '\(grantee.name)'")
    }
    var bounded = terms
    bounded.from = [terms.from, consent.from].compactMap(\.self).max()
    bounded.until = [terms.until, consent.until, partyEnd == .infinity ? nil : partyEnd].compactMap(\.self).min()
    if let from = bounded.from, let until = bounded.until, until <= from {
      throw ArchiveError("consent \(number) does not hold while the grant would")
    }
    return bounded
  }

  /// Throws, in words, where a grant would outlast the consent that it rests on. `until`: nil for no end.
  static func requireEnd(of grant: Grant, until: Double?, at time: Double, in database: Database) throws {
    guard let number = grant.terms.basis.consent, let consent = try standing(number, in: database) else { return }
    if let end = consent.until, until.map({ $0 > end }) ?? true {
      throw ArchiveError("it rests on consent \(number) and cannot outlast it: that ends \(Moment.text(end))")
    }
    let holder = try GrantTable.holder(of: grant.number, in: database) ?? 0
    let end = try partyEnd(of: number, for: holder, at: time, in: database)
    guard end > time else {
      throw ArchiveError(
        "it rests on consent \(number), which is for '\(consent.party ?? "")': '\(grant.grantee)' does not belong to it"
      )
    }
    guard until ?? .infinity > end else { return }
    throw ArchiveError(
      "it rests on consent \(number), which is for '\(consent.party ?? "")': the membership of '\(grant.grantee)' in it ends "
        + Moment.text(end))
  }

  /// Until when somebody is among those whom a consent lets have something: infinity for ever, not after now where they are
  /// not. Whoever decides for the patient gives it to others; a permission is for its party or, where that is a group, for who
  /// belongs to it at the time.
  static func partyEnd(
    of number: Int, for principal: Int64, at time: Double, in database: Database
  ) throws -> Double {
    let row = try Row.fetchOne(
      database.cachedStatement(sql: "SELECT kind, against FROM consent WHERE number = ?"), arguments: [number])
    guard let row else { return 0 }
    let party: Int64 = row[1]
    if row[0] == Consent.Kind.delegation.rawValue || party == 0 || party == principal { return .infinity }
    return try MembershipTable.end(of: principal, in: party, at: time, in: database) ?? 0
  }

  private static func standing(_ number: Int, in database: Database) throws -> Consent? {
    try ConsentTable.all(where: "number = ? AND withdrawn_at IS NULL AND kind <> 'veto'", [number], in: database).first
  }

  /// A study or series counts as the patient's that is here, and nobody else's.
  private static func isOf(_ consent: Consent, _ scope: GrantScope, in database: Database) throws -> Bool {
    guard case .patient(let id, let issuer) = consent.scope, let patient = PatientIdentity(id: id, issuer: issuer)
    else {
      return false
    }
    let rows: String
    let uid: String
    switch scope {
    case .everything: return false
    case .patient(let id, let issuer): return PatientIdentity(id: id, issuer: issuer) == patient
    case .study(let study): (rows, uid) = ("study WHERE v_0020000d = ?", study)
    case .series(let series):
      (rows, uid) = ("series JOIN study ON study.id = series.study WHERE v_0020000e = ?", series)
    }
    let whose = try Row.fetchAll(
      database,
      sql: "SELECT patient_id, issuer, sole_study FROM patient WHERE id IN (SELECT study.patient FROM \(rows))",
      arguments: [MatchingForm.storable(uid.trimmed)])
    return !whose.isEmpty
      && whose.allSatisfy { PatientIdentity(stored: $0[0], issuer: $0[1], soleStudy: $0[2]) == patient }
  }
}

// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// What rules give, or would give, for a study.
package struct ReferredGrant: Sendable, Hashable {
  package let rule: String
  package let grantee: String
  package let studyInstanceUID: String
  package let scope: GrantScope
  package let isPending: Bool
}

/// Gives what rules say for a series, in the transaction of its first object: either both are on the disk or neither is.
struct ReferralGranting {
  private let database: Database
  private let time: Double

  init(at time: Double, in database: Database) {
    self.time = time
    self.database = database
  }

  private struct Study {
    let uid: String
    let patient: PatientIdentity
    /// Whether other patients have a study of the same UID: a grant on it would open theirs too.
    let isAmbiguous: Bool
  }

  /// Returns what was new; what a rule gave for a study once, it does not give again, whatever became of it.
  @discardableResult
  func give(_ rules: RuleSet, series: Int64, _ referral: Referral, keeps: Bool = true) throws -> [ReferredGrant] {
    let matches = rules.matches(referral)
    guard !matches.isEmpty, let study = try study(of: series) else { return [] }
    return try matches.compactMap { try give($0, study, keeps: keeps) }
  }

  private func study(of series: Int64) throws -> Study? {
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT own.v_0020000d, patient_id, issuer, sole_study,
            (SELECT COUNT(DISTINCT coalesce(patient, -id)) FROM study AS other
              WHERE other.v_0020000d = own.v_0020000d AND other.aside = 0 AND other.folded_into IS NULL)
          FROM series JOIN study AS own ON own.id = received_study
          LEFT JOIN study AS shown ON shown.id = own.folded_into
          JOIN patient ON patient.id = coalesce(own.patient, shown.patient, own.received_patient)
          WHERE series.id = ? AND own.aside = 0
          """), arguments: [series])
    return row.map { row in
      Study(
        uid: row[0], patient: PatientIdentity(stored: row[1], issuer: row[2], soleStudy: row[3]),
        isAmbiguous: (row[4] as Int) > 1)
    }
  }

  private func give(_ match: RuleSet.Match, _ study: Study, keeps: Bool) throws -> ReferredGrant? {
    let (rule, principal) = (match.rule, match.principal)
    let origin = "rule \(rule.name) study \(study.uid)"
    let identified = try rule.identifies || isLinked(principal, to: study.patient)
    let opensPatient = rule.opensPatient && study.patient.isSomebody
    // Of a family an administrator says that it is one.
    let isFamily = rule.relationship.needsVerification
    let isPending = !identified || isFamily || !opensPatient && study.isAmbiguous
    let scope: GrantScope =
      opensPatient
      ? .patient(id: study.patient.id, issuer: study.patient.issuer.isEmpty ? nil : study.patient.issuer)
      : .study(uid: study.uid)
    let given = ReferredGrant(
      rule: rule.name, grantee: principal.name, studyInstanceUID: study.uid, scope: scope, isPending: isPending)
    let known = try Row.fetchOne(
      database.cachedStatement(sql: "SELECT number, state FROM access_grant WHERE origin = ? AND principal = ?"),
      arguments: [origin, principal.id])
    guard let known else {
      if keeps { try insert(scope, origin, match, isPending: isPending) }
      return given
    }
    // A name was all there was, and now there is more.
    guard (known[1] as String) == "pending", !isPending, try verifiedBefore(known[0]) == false else { return nil }
    if keeps {
      let number: Int = known[0]
      let grant = try GrantTable.grant(number, at: time, in: database)
      guard grant?.state == .pending else { return nil }
      let approved = try GrantTable.change(
        number, .approve, reason: "identified", by: "rule \(rule.name)", at: time, in: database)
      try record("grant approved", approved, rule)
    }
    return given
  }

  private func verifiedBefore(_ number: Int) throws -> Bool {
    try Double.fetchOne(database, sql: "SELECT verified_at FROM access_grant WHERE number = ?", arguments: [number])
      != nil
  }

  private func insert(_ scope: GrantScope, _ origin: String, _ match: RuleSet.Match, isPending: Bool) throws {
    let rule = match.rule
    let terms = GrantTerms(
      scope, rights: rule.rights, until: time + rule.seconds, relationship: rule.relationship,
      basis: GrantBasis(purposeOfUse: "TREAT", reference: "rule \(rule.name)"), origin: origin)
    let grant = try GrantTable.insert(
      to: (match.principal.id, match.principal.name), terms, pending: isPending, by: "rule \(rule.name)", at: time,
      in: database)
    try record("grant added", grant, rule)
  }

  private func record(_ act: String, _ grant: Grant, _ rule: ReferralRule) throws {
    try AuditTable.append(
      AuditEntry(
        at: time, .change, act, by: .node, grants: [grant.number],
        detail: "by the rule '\(rule.name)': \(grant.words)",
        subjects: [AuditSubject](grant.terms.scope)), in: database)
  }

  /// A link that an administrator verified says who is meant as well as an identifier does.
  private func isLinked(_ principal: RuleSet.Principal, to patient: PatientIdentity) throws -> Bool {
    guard patient.isSomebody else { return false }
    return try Int.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT 1 FROM patient_link JOIN access_grant ON access_grant.number = grant_number
          WHERE user = ? AND patient_link.patient_id = ? AND patient_link.issuer = ? AND state = 'active'
            AND coalesce(until, 1e18) > ?
          """), arguments: [principal.id, patient.id, patient.issuer, time]) != nil
  }
}

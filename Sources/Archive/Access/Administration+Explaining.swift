// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// Somebody who can see something of a patient.
package struct PatientAccess: Sendable, Hashable {
  package let principal: String
  /// The group by which it is open to them.
  package let group: String?
  package let grant: Grant
  /// The vetoes that outrank it, as far as they reach.
  package let vetoes: [Int]
}

extension Administration {
  /// The caller that somebody would be: a peer itself; a user through a peer, by default through one without a ceiling, known
  /// by a certificate where nothing else is said.
  package func caller(
    named name: String, through peer: String?, assurance: IdentityAssurance?
  ) async throws -> Caller {
    try await database.read { database in
      guard let principal = try PrincipalTable.id(of: name, in: database),
        let kind = try PrincipalTable.kind(of: name, in: database), kind != "group"
      else { throw ArchiveError("there is no peer or user '\(name)': a group's members call, not the group") }
      let known = assurance ?? (kind == "peer" ? .aeTitleWithAddress : .certificate)
      let through = kind == "peer" ? name : try peer ?? Self.openPeer(to: known, in: database)
      guard let peerID = try PrincipalTable.id(of: through, kind: "peer", in: database) else {
        throw ArchiveError("there is no peer '\(through)': see collimator peer list")
      }
      return Caller(
        principal: principal, peer: peerID, peerName: through,
        identity: EstablishedIdentity(principalName: name, evidence: known.exemplaryEvidence), aeTitle: "", address: "")
    }
  }

  /// Which lets most through of somebody so well known: one that may query and retrieve, demands no more, and has no ceiling.
  private static func openPeer(to known: IdentityAssurance, in database: Database) throws -> String {
    let demands = QueryCompiler.json(IdentityAssurance.allCases.filter { $0 <= known }.map(\.rawValue))
    let name = try String.fetchOne(
      database,
      sql: """
        SELECT name FROM peer JOIN principal ON principal.id = peer.principal
        ORDER BY rights & :query = 0, demand NOT IN (SELECT value FROM json_each(:demands)), rights & :retrieve = 0,
          EXISTS (SELECT 1 FROM access_grant WHERE access_grant.principal = peer.principal AND effect = 'limits'
            AND state <> 'revoked'), name LIMIT 1
        """,
      arguments: [
        "query": Rights.query.rawValue, "demands": demands, "retrieve": Rights.retrieve.rawValue,
      ])
    guard let name else { throw ArchiveError("no peer is let in: nobody can call. See collimator peer add") }
    return name
  }

  package func explain(_ caller: Caller, study uid: String) async throws -> [StudyExplanation] {
    try await explain(caller, "study \(uid)", where: "study.v_0020000d = ?", [MatchingForm.storable(uid)])
  }

  package func explain(_ caller: Caller, patient id: String, issuer: String?) async throws -> [StudyExplanation] {
    guard let patient = PatientIdentity(id: id, issuer: issuer) else { return [] }
    // Without an issuer: of each that there is, for who asks may not know of it.
    return try await explain(
      caller, "patient \(patient)",
      where: "patient.patient_id = ? AND sole_study = '' AND (? IS NULL OR patient.issuer = ?)",
      [patient.id, issuer == nil ? nil : patient.issuer, patient.issuer])
  }

  private func explain(
    _ caller: Caller, _ asked: String, where condition: String, _ arguments: StatementArguments
  ) async throws -> [StudyExplanation] {
    let time = now()
    let explained = try await database.read { database in
      try Explainer(caller, at: time, in: database).explain(where: condition, arguments)
    }
    try await view.record(
      "access explained", "of '\(caller.identity.principalName)' through '\(caller.peerName)' to \(asked)",
      count: explained.count,
      of: explained.map { AuditSubject($0.patient, studyInstanceUID: $0.studyInstanceUID) })
    return explained
  }

  /// Who can see something of a patient now, or could at a moment (seconds since 1970).
  package func access(toPatient id: String, issuer: String?, at moment: Double?) async throws -> [PatientAccess] {
    guard let patient = PatientIdentity(id: id, issuer: issuer) else {
      throw ArchiveError("an empty Patient ID identifies nobody")
    }
    let time = moment ?? now()
    let entries = try await database.read { try AccessListing(patient, at: time, in: $0).entries() }
    try await view.record(
      "access listed", moment.map { "as it was at \(Moment.text($0))" } ?? "", count: entries.count,
      of: [AuditSubject(patient)])
    return entries
  }
}

extension IdentityAssurance {
  fileprivate var exemplaryEvidence: EstablishedIdentity.Evidence {
    switch self {
    case .aeTitleAlone: .aeTitle
    case .aeTitleWithAddress: .aeTitleAndAddress
    case .password: .password
    case .token: .token(issuer: "")
    case .certificate: .certificate(CertificateFingerprint(digest: [UInt8](repeating: 0, count: 32)))
    }
  }
}

/// Whose grants reach a patient at a moment.
private struct AccessListing {
  private let patient: PatientIdentity
  private let moment: Double
  private let database: Database

  init(_ patient: PatientIdentity, at moment: Double, in database: Database) {
    self.patient = patient
    self.moment = moment
    self.database = database
  }

  func entries() throws -> [PatientAccess] {
    let studies = try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT v_0020000d FROM study JOIN patient ON patient.id = study.patient
        WHERE patient_id = ? AND issuer = ? AND sole_study = '' AND aside = 0
        """, arguments: [patient.id, patient.issuer])
    let series = try String.fetchAll(
      database,
      sql: """
        SELECT v_0020000e FROM series JOIN study ON study.id = series.study JOIN patient ON patient.id = study.patient
        WHERE patient_id = ? AND issuer = ? AND sole_study = ''
        """, arguments: [patient.id, patient.issuer])
    let reach = StatementArguments([
      patient.id, patient.issuer, QueryCompiler.json(studies), QueryCompiler.json(series),
    ])
    let about = """
      ((patient_id = ? AND issuer = ?) OR study_uid IN (SELECT value FROM json_each(?))
        OR series_uid IN (SELECT value FROM json_each(?)))
      """
    let rows = try Row.fetchAll(
      database,
      sql: "SELECT * FROM access_grant WHERE effect = 'opens' AND (scope = 'everything' OR \(about)) ORDER BY number",
      arguments: reach)
    let vetoes = try ConsentTable.all(
      where: "kind = 'veto' AND \(about)", reach, in: database
    ).filter { $0.recordedAt <= moment && ($0.withdrawnAt.map { $0 > moment } ?? true) && isNow($0.from, $0.until) }
    return try rows.flatMap { row in
      let grant = GrantTable.grant(row, at: moment)
      guard try wasInForce(grant, row) else { return [PatientAccess]() }
      return try holders(row, grant).map { name, group in
        PatientAccess(
          principal: name, group: group, grant: grant,
          vetoes: vetoes.filter { outranks($0, grant, [name, group].compactMap(\.self)) }.map(\.number))
      }
    }
  }

  private func outranks(_ veto: Consent, _ grant: Grant, _ names: [String]) -> Bool {
    guard veto.party.map(names.contains) ?? true else { return false }
    return switch grant.terms.relationship?.standing ?? .ordinary {
    case .ordinary: true
    case .emergency: veto.holdsInEmergency
    case .own: false
    }
  }

  private func isNow(_ from: Double?, _ until: Double?) -> Bool {
    (from.map { $0 <= moment } ?? true) && (until.map { $0 > moment } ?? true)
  }

  /// By what happened to it; of grants of earlier versions only their end is known.
  private func wasInForce(_ grant: Grant, _ row: Row) throws -> Bool {
    guard grant.grantedAt <= moment, grant.terms.from.map({ $0 <= moment }) ?? true else { return false }
    let event = try Row.fetchOne(
      database,
      sql: "SELECT state, until FROM grant_event WHERE grant_number = ? AND at <= ? ORDER BY number DESC LIMIT 1",
      arguments: [grant.number, moment])
    guard let event else {
      return (grant.revokedAt.map { $0 > moment } ?? true) && (grant.until.map { $0 > moment } ?? true)
    }
    return event[0] as String == "active" && ((event[1] as Double?).map { $0 > moment } ?? true)
  }

  private func holders(_ row: Row, _ grant: Grant) throws -> [(name: String, group: String?)] {
    guard let principal = row["principal"] as Int64?,
      try PrincipalTable.kind(of: grant.grantee, in: database) == "group"
    else { return [(grant.grantee, nil)] }
    return try MembershipTable.members(of: principal, at: moment, in: database).map { ($0, grant.grantee) }
  }
}

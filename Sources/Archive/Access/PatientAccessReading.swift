// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Finds out who can see something of a patient at a moment. From now on the predicate itself is asked, of each who holds a grant;
/// of the past it is told what is recorded of grants, memberships and vetoes.
struct PatientAccessReading {
  private typealias Holder = (name: String, principal: Int64, group: String?)

  private static let isOfPatient = "patient_id = :patient AND issuer = :issuer AND sole_study = ''"
  private static let isAbout = """
    ((patient_id = :patient AND issuer = :issuer) OR study_uid IN (SELECT value FROM json_each(:studies))
      OR series_uid IN (SELECT value FROM json_each(:series)))
    """

  private let patient: PatientIdentity
  private let moment: Double
  private let isPast: Bool
  private let database: Database
  private let named: [String: DatabaseValue]

  /// Who was asked for is somebody else, then or now.
  private let merged: PatientMove?
  /// Who is this patient at the moment: grants on these open nothing.
  private let former: [PatientMove]

  init(_ asked: PatientIdentity, at moment: Double, now: Double, in database: Database) throws {
    let move = try PatientMove.of(asked, at: moment, in: database)
    let patient = move?.into ?? asked
    self.patient = patient
    merged = try move ?? PatientMove.of(asked, at: now, in: database)
    former = try PatientMove.all(into: patient, at: moment, in: database)
    self.moment = moment
    isPast = moment < now
    self.database = database
    var named = ["patient": patient.id.databaseValue, "issuer": patient.issuer.databaseValue]
    let studies = try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT v_0020000d FROM study JOIN patient ON patient.id = study.patient WHERE \(Self.isOfPatient)
        """, arguments: StatementArguments(named))
    let series = try String.fetchAll(
      database,
      sql: """
        SELECT v_0020000e FROM series JOIN study ON study.id = series.study JOIN patient ON patient.id = study.patient
        WHERE \(Self.isOfPatient)
        """, arguments: StatementArguments(named))
    named["studies"] = QueryCompiler.json(studies).databaseValue
    named["series"] = QueryCompiler.json(series).databaseValue
    self.named = named
  }

  func access() throws -> PatientAccess {
    isPast ? try recorded() : try seen()
  }

  private func seen() throws -> PatientAccess {
    let objects = ObjectCount(
      where: Self.isOfPatient, ["patient": patient.id, "issuer": patient.issuer], at: moment, in: database)
    let routes = try CallerRoutes(at: moment, in: database)
    let vetoes = try standingVetoes()
    var entries: [PatientAccess.Entry] = []
    var idle: [String] = []
    for row in try grantRows() {
      let grant = GrantTable.grant(row, at: moment)
      guard grant.state == .active, grant.terms.from.map({ $0 <= moment }) ?? true else { continue }
      for holder in try holders(row, grant) {
        let callers = try routes.callers(holder.principal, holder.name)
        let opened = try callers.opened(by: grant, objects)
        guard !opened.isEmpty else {
          idle.append(holder.name)
          continue
        }
        let isCut = try callers.isCut(opened, by: .veto, grant, objects)
        entries.append(
          PatientAccess.Entry(
            principal: holder.name, group: holder.group, grant: grant, opened: opened,
            vetoes: isCut ? try numbers(of: vetoes, against: grant, holder) : []))
      }
    }
    for row in try formerGrantRows() {
      let grant = GrantTable.grant(row, at: moment)
      guard grant.state == .active, grant.terms.from.map({ $0 <= moment }) ?? true else { continue }
      idle += try holders(row, grant).map(\.name)
    }
    let seeing = Set(entries.map(\.principal))
    return PatientAccess(
      patient: patient, merged: merged, entries: entries, objects: try objects.all(), absence: try absence(),
      kept: Set(idle).subtracting(seeing).sorted())
  }

  private func absence() throws -> String? {
    let issuer = patient.issuer.isEmpty ? nil : patient.issuer
    return try NamedTarget(.patient(id: patient.id, issuer: issuer), in: database).absence()
  }

  private func recorded() throws -> PatientAccess {
    let vetoes = try standingVetoes()
    let entries = try grantRows().flatMap { row in
      let grant = GrantTable.grant(row, at: moment)
      guard try wasInForce(grant, row) else { return [PatientAccess.Entry]() }
      return try holders(row, grant).map { holder in
        PatientAccess.Entry(
          principal: holder.name, group: holder.group, grant: grant, opened: nil,
          vetoes: try numbers(of: vetoes, against: grant, holder))
      }
    }
    return PatientAccess(patient: patient, merged: merged, entries: entries, objects: nil, absence: nil, kept: [])
  }

  private func grantRows() throws -> [Row] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT * FROM access_grant WHERE effect = 'opens' AND (scope = 'everything' OR \(Self.isAbout)) ORDER BY number
        """, arguments: StatementArguments(named))
  }

  /// On whoever was merged into the patient.
  private func formerGrantRows() throws -> [Row] {
    try former.flatMap { move in
      try Row.fetchAll(
        database,
        sql: "SELECT * FROM access_grant WHERE effect = 'opens' AND patient_id = ? AND issuer = ? ORDER BY number",
        arguments: [move.from.id, move.from.issuer])
    }
  }

  private func standingVetoes() throws -> [Consent] {
    try ConsentTable.all(where: "kind = 'veto' AND \(Self.isAbout)", StatementArguments(named), in: database).filter {
      $0.recordedAt <= moment && ($0.withdrawnAt.map { $0 > moment } ?? true) && isNow($0.from, $0.until)
    }
  }

  /// Against the holder, or whichever group of theirs.
  private func numbers(of vetoes: [Consent], against grant: Grant, _ holder: Holder) throws -> [Int] {
    guard !vetoes.isEmpty else { return [] }
    let parties = try [holder.name] + MembershipTable.groups(of: holder.principal, at: moment, in: database)
    return vetoes.filter { ($0.party.map(parties.contains) ?? true) && outranks($0, grant) }.map(\.number)
  }

  private func outranks(_ veto: Consent, _ grant: Grant) -> Bool {
    switch grant.terms.relationship?.standing ?? .ordinary {
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

  /// Who holds a grant: its grantee, or who belongs to that group at the moment.
  private func holders(_ row: Row, _ grant: Grant) throws -> [Holder] {
    guard let principal = row["principal"] as Int64? else { return isPast ? [(grant.grantee, 0, nil)] : [] }
    guard try PrincipalTable.kind(of: grant.grantee, in: database) == "group" else {
      return [(grant.grantee, principal, nil)]
    }
    return try MembershipTable.members(of: principal, at: moment, in: database).map { name in
      (name, try PrincipalTable.id(of: name, in: database) ?? 0, grant.grantee)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// How much emergency access opens where a patient's veto may stand against it: who opened it has to know at once.
package struct EmergencyReach: Sendable {
  /// Of what it names, as much as is stored.
  package let objects: Int
  /// Of those, what the grant opens, with all that stands in the way.
  package let opened: Int
  /// What it would open, if no veto stood.
  package let forbidden: Int
  /// The numbers of the vetoes that stand over something of it and are not outranked.
  package let vetoes: [Int]
  /// Why they could not call at all; nil where they could.
  package let refusal: String?

  /// For whoever opened it, and for the record; nil where all is open.
  package var warning: String? {
    let which = vetoes.isEmpty ? "" : " (consent \(vetoes.map(String.init).joined(separator: ", ")))"
    if let refusal { return "NOTHING IS OPEN: \(refusal)" + (vetoes.isEmpty ? "" : "; and a veto stands\(which)") }
    guard forbidden == 0 else {
      let much = opened == 0 ? "NOTHING IS OPEN of \(objects) objects" : "only \(opened) of \(objects) objects are open"
      return "A PATIENT'S VETO STANDS\(which) and is not outranked: \(much)"
    }
    guard objects > 0 else {
      return vetoes.isEmpty
        ? nil : "A PATIENT'S VETO STANDS\(which) and is not outranked: what comes and falls under it will not be open"
    }
    guard opened == objects else {
      let much = opened == 0 ? "NOTHING IS OPEN" : "only \(opened) are open"
      return "\(much) of \(objects) objects: collimator explain says what stands in the way"
    }
    return vetoes.isEmpty ? nil : "a patient's veto stands\(which), and forbids nothing of what is stored now"
  }
}

extension EmergencyReach {
  /// Of a grant that stands, as of now.
  init(of grant: Grant, _ caller: Result<Caller, ArchiveError>, at now: Double, in database: Database) throws {
    let (condition, arguments) = Self.condition(grant.scope)
    let count = ObjectCount(where: "\(condition) AND study.aside = 0", arguments, at: now, in: database)
    objects = try count.all()
    vetoes = try Self.vetoes(over: grant, at: now, in: database)
    switch caller {
    case .success(let caller):
      let others = ObjectCount.Hindrance.allCases.filter { $0 != .veto }
      opened = try count.seen(by: caller, .query, grant: grant.number)
      forbidden = try count.seen(by: caller, .query, grant: grant.number, heeding: others) - opened
      refusal = nil
    case .failure(let error): (opened, forbidden, refusal) = (0, 0, error.description)
    }
  }

  /// Of a `study`, its `patient` and a `series` of it.
  private static func condition(_ scope: GrantScope) -> (sql: String, arguments: StatementArguments) {
    switch scope {
    case .everything: ("1", StatementArguments())
    case .patient(let id, let issuer):
      (
        "patient.patient_id = :id AND patient.issuer = :issuer AND sole_study = ''",
        ["id": MatchingForm.storable(id.trimmed), "issuer": MatchingForm.storable((issuer ?? "").trimmed)]
      )
    case .study(let uid): ("study.v_0020000d = :uid", ["uid": MatchingForm.storable(uid.trimmed)])
    case .series(let uid): ("series.v_0020000e = :uid", ["uid": MatchingForm.storable(uid.trimmed)])
    }
  }

  private static func vetoes(over grant: Grant, at now: Double, in database: Database) throws -> [Int] {
    let (condition, arguments) = condition(grant.scope)
    let from = """
      FROM study JOIN patient ON patient.id = study.patient JOIN series ON series.study = study.id WHERE \(condition)
      """
    let named =
      switch grant.scope {
      case .patient: "OR consent.patient_id = :id AND coalesce(consent.issuer, '') = :issuer"
      case .study: "OR consent.study_uid = :uid"
      case .series: "OR consent.series_uid = :uid"
      case .everything: ""
      }
    return try Int.fetchAll(
      database,
      sql: """
        SELECT number FROM consent
        WHERE kind = 'veto' AND withdrawn_at IS NULL AND (since IS NULL OR since <= :now)
          AND (until IS NULL OR until > :now) AND (holds_in_emergency OR NOT :overrides)
          AND (against IN (0, :principal)
            OR against IN (SELECT "group" FROM membership WHERE member = :principal AND \(MembershipTable.holds)))
          AND ((consent.patient_id, coalesce(consent.issuer, '')) IN (
              SELECT patient.patient_id, patient.issuer \(from) AND sole_study = '')
            OR consent.study_uid IN (SELECT study.v_0020000d \(from))
            OR consent.series_uid IN (SELECT series.v_0020000e \(from)) \(named))
        ORDER BY number
        """,
      arguments: arguments + [
        "now": now, "principal": try GrantTable.holder(of: grant.number, in: database),
        "overrides": try Administration.lawOverridesVetoes(in: database),
      ])
  }
}

extension Administration {
  /// How much a grant for an emergency opens now.
  package func reach(ofEmergency grant: Grant) async throws -> EmergencyReach {
    let time = now()
    return try await database.read { try Self.reach(of: grant, at: time, in: $0) }
  }

  static func reach(of grant: Grant, at time: Double, in database: Database) throws -> EmergencyReach {
    let caller: Result<Caller, ArchiveError>
    do {
      caller = .success(
        try Self.caller(named: grant.grantee, through: nil, assurance: nil, at: time, in: database))
    } catch let error as ArchiveError {
      caller = .failure(error)
    }
    return try EmergencyReach(of: grant, caller, at: time, in: database)
  }
}

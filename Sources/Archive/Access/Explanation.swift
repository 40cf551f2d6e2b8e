// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// Why somebody sees a study, or why not.
package struct StudyExplanation: Sendable {
  /// A grant that is about the study, or nearly.
  package struct Judgement: Sendable {
    package let grant: Grant
    /// The group by which it is the caller's; nil for the caller's own.
    package let group: String?
    /// Why it opens nothing here; empty for one that opens something, vetoes and ceilings aside.
    package let reasons: [String]
  }

  package let studyInstanceUID: String
  package let patient: PatientIdentity
  package let studyDate: String
  package let instances: Int
  /// Of how many instances the caller has each right: the predicate's own word.
  package let seen: [(right: String, instances: Int)]
  package let grants: [Judgement]
  /// The vetoes that are about it and against the caller.
  package let vetoes: [Consent]
  /// What else stands in the way.
  package let obstacles: [String]
}

/// Tells of one caller and each study that a name selects which grants open it, and which nearly do and why not.
struct Explainer {
  private let caller: Caller
  private let now: Double
  private let database: Database
  private let memberships: [(group: Int64, name: String, holds: Bool)]

  init(_ caller: Caller, at now: Double, in database: Database) throws {
    self.caller = caller
    self.now = now
    self.database = database
    memberships = try Row.fetchAll(
      database,
      sql: """
        SELECT "group", principal.name, MAX(\(MembershipTable.holds)) FROM membership
          JOIN principal ON principal.id = "group" WHERE member = :caller GROUP BY "group" ORDER BY principal.name
        """, arguments: ["caller": caller.principal, "now": now]
    ).map { ($0[0], $0[1], $0[2]) }
  }

  /// `condition`: of a `study` and its `patient`.
  func explain(where condition: String, _ arguments: StatementArguments) throws -> [StudyExplanation] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT study.id, v_0020000d, patient_id, issuer, sole_study, k_00080020, aside FROM study
          JOIN patient ON patient.id = study.patient WHERE \(condition) ORDER BY study.id LIMIT 100
        """, arguments: arguments)
    return try rows.map(explain)
  }

  private func explain(_ row: Row) throws -> StudyExplanation {
    let study: Int64 = row[0]
    let about = StudyFacts(
      patient: PatientIdentity(stored: row[2], issuer: row[3], soleStudy: row[4]), uid: row[1], date: row[5],
      series: try Row.fetchAll(
        database,
        sql: """
          SELECT series.v_0020000e, \(Telling.ownModality), record_type, v_0040a043_00080100, v_0040a043_00080102,
            \(Telling.ownStudyDate)
          FROM study JOIN patient ON patient.id = study.patient JOIN series ON series.study = study.id
            JOIN instance ON instance.series = series.id WHERE study.id = ?
          GROUP BY 1, 2, 3, 4, 5, 6
          """, arguments: [study]
      ).map { part in
        StudyFacts.Part(
          series: part[0], modality: part[1], types: RecordTypes(rawValue: part[2]),
          title: DocumentTitle(value: part[3], scheme: part[4]), date: part[5])
      })
    let judgements = try grants(on: about).map { grant, group in
      StudyExplanation.Judgement(grant: grant, group: group?.name, reasons: reasons(grant, group, about))
    }
    var obstacles = try self.obstacles(about)
    let aside: Int64 = row[6]
    if aside != 0, aside != caller.principal { obstacles.append("it is kept aside for another sender") }
    return StudyExplanation(
      studyInstanceUID: about.uid, patient: about.patient, studyDate: about.date,
      instances: try count(study, nil), seen: try seen(study), grants: judgements,
      vetoes: try vetoes(on: about), obstacles: obstacles)
  }

  private func seen(_ study: Int64) throws -> [(right: String, instances: Int)] {
    try [("query", GrantRights.query), ("retrieve", .retrieve), ("send", .send), ("add", .add), ("share", .share)].map {
      ($0.0, try count(study, $0.1))
    }
  }

  private func count(_ study: Int64, _ rights: GrantRights?) throws -> Int {
    let visibility = try rights.map {
      try Visibility(Question(caller: caller, rights: $0, now: now), in: database)
    }
    return try Int.fetchOne(
      database,
      sql: """
        SELECT COUNT(*) FROM patient JOIN study ON study.patient = patient.id JOIN series ON series.study = study.id
          JOIN instance ON instance.series = series.id WHERE study.id = ? AND \(visibility?.instance ?? "1")
        """, arguments: (visibility?.arguments ?? StatementArguments()) + StatementArguments([study])) ?? 0
  }

  /// The caller's, of groups that were left too, that are about the study or everything, or about a namesake of the patient.
  private func grants(on study: StudyFacts) throws -> [(Grant, (group: Int64, name: String, holds: Bool)?)] {
    let holders = [caller.principal] + memberships.map(\.group)
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT * FROM access_grant WHERE number IN (
          SELECT number FROM access_grant WHERE scope = 'everything'
          UNION SELECT number FROM access_grant WHERE patient_id = ?
          UNION SELECT number FROM access_grant WHERE study_uid = ?
          UNION SELECT number FROM access_grant WHERE series_uid IN (SELECT value FROM json_each(?)))
        AND effect = 'opens' AND principal IN (SELECT value FROM json_each(?)) ORDER BY number
        """,
      arguments: [
        study.patient.isSomebody ? study.patient.id : nil, study.uid,
        QueryCompiler.json(Array(Set(study.series.map(\.series)))), IndexTables.json(holders),
      ])
    return rows.map { row in
      let holder: Int64 = row["principal"]
      return (GrantTable.grant(row, at: now), memberships.first { $0.group == holder })
    }
  }

  private func reasons(
    _ grant: Grant, _ group: (group: Int64, name: String, holds: Bool)?, _ study: StudyFacts
  ) -> [String] {
    var reasons: [String] = []
    if let group, !group.holds { reasons.append("the membership in '\(group.name)' does not hold now") }
    switch grant.state {
    case .active: break
    case .pending: reasons.append("it is pending: collimator grant approve \(grant.number)")
    case .suspended: reasons.append("it is suspended: collimator grant resume \(grant.number)")
    case .revoked: reasons.append("it was revoked" + (grant.revokedBy.map { " by \($0)" } ?? ""))
    case .expired: reasons.append("it has ended: collimator grant extend \(grant.number) --until …")
    }
    if let from = grant.terms.from, from > now { reasons.append("it has not begun") }
    let least = grant.terms.leastAssurance
    if least > caller.identity.assurance {
      reasons.append("it asks for \(least), the caller shows \(caller.identity.assurance)")
    }
    reasons += study.whyNot(grant.scope, grant.terms.narrowing)
    return reasons
  }

  private func vetoes(on study: StudyFacts) throws -> [Consent] {
    let holders = [0, caller.principal] + memberships.filter(\.holds).map(\.group)
    return try ConsentTable.all(
      where: """
        kind = 'veto' AND withdrawn_at IS NULL AND (since IS NULL OR since <= ?) AND (until IS NULL OR until > ?)
          AND against IN (SELECT value FROM json_each(?)) AND (patient_id = ? OR study_uid = ?
          OR series_uid IN (SELECT value FROM json_each(?)))
        """,
      [
        now, now, IndexTables.json(holders), study.patient.isSomebody ? study.patient.id : nil, study.uid,
        QueryCompiler.json(Array(Set(study.series.map(\.series)))),
      ], in: database
    ).filter { study.whyNot($0.scope, $0.narrowing).isEmpty }
  }

  private func obstacles(_ study: StudyFacts) throws -> [String] {
    var obstacles: [String] = []
    if try Int.fetchOne(
      database, sql: "SELECT 1 FROM user WHERE principal = ? AND locked_at IS NOT NULL", arguments: [caller.principal])
      != nil
    {
      obstacles.append("the user is locked")
    }
    let ceilings = try GrantTable.all(
      at: now, where: "principal = ? AND effect = 'limits' AND state <> 'revoked'", [caller.peer], in: database)
    if !ceilings.isEmpty,
      !ceilings.contains(where: { $0.state == .active && study.whyNot($0.scope, $0.terms.narrowing).isEmpty })
    {
      obstacles.append("the ceiling of the peer '\(caller.peerName)' leaves it out")
    }
    return obstacles
  }
}

/// What grants are judged by.
private struct StudyFacts {
  struct Part {
    let series: String
    let modality: String
    let types: RecordTypes
    let title: DocumentTitle?
    /// The Study Date that its objects say.
    let date: String
  }

  let patient: PatientIdentity
  let uid: String
  let date: String
  let series: [Part]

  /// Empty where something of the study is meant.
  func whyNot(_ scope: GrantScope, _ narrowing: GrantNarrowing) -> [String] {
    var reasons: [String] = []
    var parts = series
    switch scope {
    case .everything: break
    case .patient(let id, let issuer):
      guard patient.isSomebody, id == patient.id else { return ["it is on another patient"] }
      if (issuer ?? "") != patient.issuer {
        let named = { (issuer: String) in issuer.isEmpty ? "no issuer" : "the issuer \(issuer)" }
        reasons.append("it is on \(id) of \(named(issuer ?? "")), this patient has \(named(patient.issuer))")
      }
    case .study(let uid): if uid != self.uid { return ["it is on another study"] }
    case .series(let uid): parts = parts.filter { $0.series == uid }
    }
    if let earliest = narrowing.earliest, !keep(&parts, where: { $0.date >= earliest }) {
      reasons.append("the study is older than \(earliest)")
    }
    if let latest = narrowing.latest, !keep(&parts, where: { !$0.date.isEmpty && $0.date <= latest }) {
      reasons.append("the study is younger than \(latest)")
    }
    if !narrowing.modalities.isEmpty {
      parts = parts.filter { narrowing.modalities.contains($0.modality) }
      if parts.isEmpty {
        return reasons + ["nothing here is \(narrowing.modalities.sorted().joined(separator: " or "))"]
      }
    }
    if let types = narrowing.recordTypes {
      parts = parts.filter { !$0.types.isDisjoint(with: types) }
      if parts.isEmpty { return reasons + ["there are no \(types.names.joined(separator: " or ")) here"] }
    }
    if !narrowing.titles.isEmpty {
      parts = parts.filter { part in
        part.types.isDisjoint(with: .titled) || part.title.map(narrowing.titles.contains) ?? false
      }
      if parts.isEmpty { return reasons + ["no document here has one of its titles"] }
    }
    return parts.isEmpty ? reasons + ["none of it is here"] : reasons
  }

  /// False where none is left; then all are kept, so that what else is asked of them is told too.
  private func keep(_ parts: inout [Part], where condition: (Part) -> Bool) -> Bool {
    let kept = parts.filter(condition)
    guard !kept.isEmpty || parts.isEmpty else { return false }
    parts = kept
    return true
  }
}

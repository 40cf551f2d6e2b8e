// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Tells of one caller and each study that a name selects which grants open it, and which nearly do and why not.
struct Explainer {
  /// So many studies of a patient at most.
  static let mostStudies = 100
  /// What a right of a grant lets somebody do, and as whom.
  private struct Way {
    let name: String
    let right: GrantRights
    let caller: Caller
    var isOpen = true
  }

  private let caller: Caller
  private let now: Double
  private let database: Database
  private let memberships: [(group: Int64, name: String, holds: Bool)]
  private let ways: [Way]
  /// What keeps the caller out, whatever grants open.
  private let atTheDoor: [String]

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
    let door = try PeerDoor.of(caller.peer, in: database)
    let proof = try Self.proof(of: caller, at: now, in: database)
    ways = Self.ways(of: caller, door, isProven: proof != nil)
    atTheDoor = try Self.obstacles(caller, door, proof, in: database)
  }

  /// The surest that the caller can show; nil where nothing proves them.
  private static func proof(
    of caller: Caller, at now: Double, in database: Database
  ) throws -> IdentityAssurance? {
    guard caller.principal != caller.peer else { return caller.identity.assurance }
    return try UserTable.strongestProof(of: caller.principal, at: now, in: database)
  }

  private static func ways(of caller: Caller, _ door: PeerDoor?, isProven: Bool) -> [Way] {
    let usable = isProven ? door?.usable(by: caller.identity.assurance) ?? [] : .share
    let rights: [(name: String, right: GrantRights)] = [
      ("query", .query), ("retrieve", .retrieve), ("send", .send), ("add", .add), ("share", .share),
    ]
    let own = rights.map { Way(name: $0.name, right: $0.right, caller: caller, isOpen: usable.contains($0.right)) }
    guard let door, door.isDestination, caller.principal == caller.peer else { return own }
    let receiver = door.caller(caller.peerName, caller.principal, known: .aeTitleWithAddress)
    return own + [Way(name: "receive", right: .retrieve, caller: receiver)]
  }

  private static func obstacles(
    _ caller: Caller, _ door: PeerDoor?, _ proof: IdentityAssurance?, in database: Database
  ) throws -> [String] {
    guard let door else { return ["the peer '\(caller.peerName)' was removed"] }
    let atThePeer = door.obstacles(to: caller.identity.assurance)
    guard caller.principal != caller.peer else { return atThePeer }
    return try atThePeer + [lock(of: caller, in: database), doubt(of: caller, proof)].compactMap(\.self)
  }

  private static func lock(of caller: Caller, in database: Database) throws -> String? {
    let isLocked = try Bool.fetchOne(
      database, sql: "SELECT locked_at IS NOT NULL FROM user WHERE principal = ?", arguments: [caller.principal])
    return isLocked ?? false
      ? "the user is locked: collimator user unlock '\(caller.identity.principalName)'" : nil
  }

  /// Why nobody can call as this user as it is; nil where somebody can.
  private static func doubt(of caller: Caller, _ proof: IdentityAssurance?) -> String? {
    guard let proof else {
      return
        "nothing proves somebody to be '\(caller.identity.principalName)': collimator user password, user certificate, "
        + "issuer add"
    }
    return proof < caller.identity.assurance
      ? "the user can show \(proof) as it is, not \(caller.identity.assurance)" : nil
  }

  /// Why such a caller would be let into no association that may query; nil where one would be.
  static func refusal(of caller: Caller, in database: Database) throws -> String? {
    guard let door = try PeerDoor.of(caller.peer, in: database) else { return nil }
    if caller.identity.assurance < door.peer.demand { return "the peer demands \(door.peer.demand)" }
    return try lock(of: caller, in: database)
  }

  /// What is to be known of an answer to such a caller: as it is, nobody can be that.
  static func remark(on caller: Caller, at now: Double, in database: Database) throws -> String? {
    guard caller.principal != caller.peer else { return nil }
    return try doubt(of: caller, proof(of: caller, at: now, in: database)).map {
      "\($0). Nobody can presently call as they are answered here, and see any of it."
    }
  }

  /// `condition`: of a `study` and its `patient`.
  func explain(
    where condition: String, _ arguments: StatementArguments, merged: [PatientMove] = []
  ) throws -> Explanation {
    let from = "FROM study JOIN patient ON patient.id = study.patient WHERE \(condition)"
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT study.id, v_0020000d, patient_id, issuer, sole_study, k_00080020, aside \(from)
          ORDER BY study.id LIMIT \(Self.mostStudies)
        """, arguments: arguments)
    let count = try Int.fetchOne(database, sql: "SELECT COUNT(*) \(from)", arguments: arguments)
    return Explanation(
      caller: caller, merged: merged, studies: try rows.map(explain), studiesInAll: count ?? 0)
  }

  private func explain(_ row: Row) throws -> StudyExplanation {
    let study: Int64 = row[0]
    let patient = PatientIdentity(stored: row[2], issuer: row[3], soleStudy: row[4])
    let moved = try PatientMove.all(ofStudyIn: study, at: now, in: database).filter { $0.into == patient }
    let about = StudyFacts(
      patient: patient, former: try moved + PatientMove.all(into: patient, at: now, in: database), uid: row[1],
      date: row[5], series: try parts(of: study))
    let count = ObjectCount(where: "study.id = :study", ["study": study], at: now, in: database)
    let judgements = try grants(on: about).map { grant, group in
      let reasons = reasons(grant, group, about)
      let way = ways.first { $0.isOpen && grant.terms.rights.contains($0.right) }
      let objects = try reasons.isEmpty ? way.map { try count.seen(by: $0.caller, $0.right, grant: grant.number) } : 0
      return StudyExplanation.Judgement(
        grant: grant, group: group?.name, reasons: reasons, objects: objects ?? 0, right: way?.name)
    }
    var obstacles = try atTheDoor + hindrances(count, about, judgements)
    let aside: Int64 = row[6]
    if aside != 0, aside != caller.principal { obstacles.append("it is kept aside for another sender") }
    return StudyExplanation(
      studyInstanceUID: about.uid, patient: patient, moved: moved, studyDate: about.date, instances: try count.all(),
      seen: try ways.map { ($0.name, $0.isOpen ? try count.seen(by: $0.caller, $0.right) : 0) },
      grants: judgements, vetoes: try vetoes(on: about), obstacles: obstacles)
  }

  private func parts(of study: Int64) throws -> [StudyFacts.Part] {
    try Row.fetchAll(
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
    }
  }

  /// How much of what the grants open vetoes forbid and the peer's ceiling leaves out.
  private func hindrances(
    _ count: ObjectCount, _ study: StudyFacts, _ judgements: [StudyExplanation.Judgement]
  ) throws -> [String] {
    let given = judgements.filter(\.reasons.isEmpty).reduce(into: GrantRights()) { $0.formUnion($1.grant.terms.rights) }
    guard let right = ways.first(where: { given.contains($0.right) })?.right else { return try ceiling(study) }
    let opened = try count.seen(by: caller, right, heeding: [])
    guard opened > 0 else { return try ceiling(study) }
    let words: [(ObjectCount.Hindrance, String)] = [
      (.veto, "vetoes forbid"), (.ceiling, "the ceiling of the peer '\(caller.peerName)' leaves out"),
    ]
    return try words.compactMap { hindrance, words in
      let lost = opened - (try count.seen(by: caller, right, heeding: [hindrance]))
      return lost > 0 ? "\(words) \(lost) of \(opened) objects that grants open" : nil
    }
  }

  /// The caller's, of groups that were left too, that are about the study or everything, or about a namesake of the patient
  /// or whoever they were before.
  private func grants(on study: StudyFacts) throws -> [(Grant, (group: Int64, name: String, holds: Bool)?)] {
    let holders = [caller.principal] + memberships.map(\.group)
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT * FROM access_grant WHERE number IN (
          SELECT number FROM access_grant WHERE scope = 'everything'
          UNION SELECT number FROM access_grant WHERE patient_id = ?
          UNION SELECT number FROM access_grant WHERE patient_id IN (SELECT value FROM json_each(?))
          UNION SELECT number FROM access_grant WHERE study_uid = ?
          UNION SELECT number FROM access_grant WHERE series_uid IN (SELECT value FROM json_each(?)))
        AND effect = 'opens' AND principal IN (SELECT value FROM json_each(?)) ORDER BY number
        """,
      arguments: [
        study.patient.isSomebody ? study.patient.id : nil, QueryCompiler.json(study.former.map(\.from.id)), study.uid,
        QueryCompiler.json(Array(Set(study.series.map(\.series)))), IndexTables.json(holders),
      ])
    return rows.compactMap { row in
      let (grant, holder) = (GrantTable.grant(row, at: now), row["principal"] as Int64)
      guard study.isNear(grant.scope) else { return nil }
      return (grant, memberships.first { $0.group == holder })
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

  /// Where no grant opens anything, too.
  private func ceiling(_ study: StudyFacts) throws -> [String] {
    let ceilings = try GrantTable.all(
      at: now, where: "principal = ? AND effect = 'limits' AND state <> 'revoked'", [caller.peer], in: database)
    guard !ceilings.isEmpty,
      !ceilings.contains(where: { $0.state == .active && study.whyNot($0.scope, $0.terms.narrowing).isEmpty })
    else { return [] }
    return ["the ceiling of the peer '\(caller.peerName)' leaves it out"]
  }
}

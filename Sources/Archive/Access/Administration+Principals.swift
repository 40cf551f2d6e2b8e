// SPDX-License-Identifier: Apache-2.0

package import Access
import DICOMData
import GRDB

/// What is known of a peer, user or group beside its name.
package struct PrincipalDetails: Sendable {
  package let kind: String
  package let roles: [Role]
  package let attributes: [String: String]
  package let links: [PatientLink]
  package let groupKind: GroupKind?
}

extension Administration {
  package func details(of name: String) async throws -> PrincipalDetails {
    try await database.read { database in
      let (principal, kind) = try Self.principal(name, in: database)
      return PrincipalDetails(
        kind: kind, roles: try PrincipalDetailTable.roles(of: principal, in: database),
        attributes: try PrincipalDetailTable.attributes(of: principal, in: database),
        links: try PrincipalDetailTable.links(of: principal, in: database),
        groupKind: try String.fetchOne(
          database, sql: "SELECT group_kind FROM principal WHERE id = ?", arguments: [principal]
        ).flatMap(GroupKind.init(rawValue:)))
    }
  }

  private static func principal(_ name: String, in database: Database) throws -> (id: Int64, kind: String) {
    guard let id = try PrincipalTable.id(of: name, in: database),
      let kind = try PrincipalTable.kind(of: name, in: database)
    else { throw ArchiveError("there is no peer, user or group '\(name)'") }
    return (id, kind)
  }

  package func setRoles(_ roles: Set<Role>, ofUser name: String) async throws {
    try await database.write { database in
      let principal = try UserTable.principal(of: name, in: database)
      func facts() throws -> AuditFacts {
        let roles = try PrincipalDetailTable.roles(of: principal, in: database).map(\.rawValue)
        return AuditFacts([("roles", roles.joined(separator: ", "))])
      }
      let before = try facts()
      try PrincipalDetailTable.setRoles(roles, of: principal, in: database)
      try record("roles set", "'\(name)': \(before.changes(to: try facts()))", in: database)
    }
  }

  /// Of a peer, user or group; an empty value takes it away.
  package func setAttribute(_ attribute: String, _ value: String, of name: String) async throws {
    try await database.write { database in
      let (principal, _) = try Self.principal(name, in: database)
      func facts() throws -> AuditFacts {
        let value = try PrincipalDetailTable.attributes(of: principal, in: database)[attribute]
        return AuditFacts([(attribute, value.map { AuditFacts.shown($0, of: attribute) })])
      }
      let before = try facts()
      try PrincipalDetailTable.setAttribute(attribute, value, of: principal, in: database)
      try record("attribute set", "'\(name)': \(before.changes(to: try facts()))", in: database)
    }
  }

  /// Links a user to a patient; the grant that it gives is pending until it is approved. `endsAtAge`: in years, counted from
  /// `birthDate` (YYYYMMDD), or from the birth date in the patient's studies.
  package func link(
    user name: String, toPatient id: String, issuer: String?, as relationship: Relationship, endsAtAge age: Int? = nil,
    birthDate: String? = nil
  ) async throws -> Grant {
    guard let patient = PatientIdentity(id: id, issuer: issuer) else {
      throw ArchiveError("an empty Patient ID identifies nobody")
    }
    guard
      let template = GrantTemplate.all.first(where: { $0.relationship == relationship })
        ?? (relationship == .parent ? GrantTemplate.named("child") : nil),
      relationship.needsVerification
    else { throw ArchiveError("a link is self, child, parent or guardian") }
    let time = now()
    return try await database.write { database in
      let principal = try UserTable.principal(of: name, in: database)
      var terms = template.terms(.patient(id: patient.id, issuer: patient.issuer), at: time)
      terms.relationship = relationship
      if let age {
        let end = try Coming.birthday(age, of: patient, birthDate, in: database)
        guard end > time else {
          throw ArchiveError("\(patient) has been \(age) since \(Moment.text(end)): it would have ended")
        }
        terms.until = end
      }
      // The link first: the patient's own grant rests on it.
      var number: Int?
      func link() throws {
        try PrincipalDetailTable.link(
          principal, to: patient, as: relationship, grant: number, by: user.name, at: time, in: database)
      }
      try link()
      let grant = try give(terms, to: name, pending: true, at: time, in: database)
      number = grant.number
      try link()
      let end = age.map { ", until the age of \($0)" } ?? ""
      let born = birthDate.map { ", said to be born \($0)" } ?? ""
      try record(
        "link added", "'\(name)' to \(patient) as \(relationship.rawValue)\(end)\(born)", grants: [grant.number],
        subjects: [AuditSubject(patient)], in: database)
      if let age {
        try FamilyEnds.remember(age, birthDate, of: principal, patient, relationship, in: database)
      }
      return grant
    }
  }

  /// The grants that the links gave end with them; returns how many.
  package func unlink(user name: String, fromPatient id: String, issuer: String?) async throws -> Int {
    let time = now()
    return try await database.write { database in
      let principal = try UserTable.principal(of: name, in: database)
      guard let patient = PatientIdentity(id: id, issuer: issuer) else {
        throw ArchiveError("an empty Patient ID identifies nobody")
      }
      let links = try PrincipalDetailTable.links(of: principal, in: database).filter {
        PatientIdentity(id: $0.patientID, issuer: $0.issuer) == patient
      }
      guard !links.isEmpty else {
        throw ArchiveError("'\(name)' is not linked to \(patient): see collimator user show '\(name)'")
      }
      let grants = try PrincipalDetailTable.unlink(principal, from: patient, in: database)
      // The patient's own, too, that an administrator gave beside.
      let count = try GrantTable.revoke(
        where: """
          number IN (SELECT value FROM json_each(?))
            OR principal = ? AND patient_id = ? AND issuer = ? AND relationship = 'self'
          """, [IndexTables.json(grants.map(Int64.init)), principal, patient.id, patient.issuer],
        because: "the link was removed", by: user.name, at: time, in: database)
      let were = links.map(\.words).joined(separator: ", ")
      try record(
        "link removed", "'\(name)' to \(patient): it was \(were); \(count) grants ended with it", grants: grants,
        subjects: [AuditSubject(patient)], in: database)
      return count
    }
  }

  /// Makes the group, or changes what it is; nil leaves as it is.
  package func setGroup(_ name: String, kind: GroupKind?) async throws {
    try await database.write { database in
      let (group, isNew) = try Self.group(name, in: database)
      guard let kind else {
        if isNew { try record("group added", "'\(name)'", in: database) }
        return
      }
      let before = try String.fetchOne(
        database, sql: "SELECT group_kind FROM principal WHERE id = ?", arguments: [group])
      try database.execute(
        sql: "UPDATE principal SET group_kind = ? WHERE id = ?", arguments: [kind.rawValue, group])
      let changes = AuditFacts([("kind", before)]).changes(to: AuditFacts([("kind", kind.rawValue)]))
      try record("group changed", "'\(name)'\(isNew ? " is made" : ""): \(changes)", in: database)
    }
  }

  /// From a moment, until a moment; nil from now, and without an end.
  package func addMember(_ member: String, toGroup name: String, since: Double?, until: Double?) async throws {
    let time = now()
    if let until, until <= time { throw ArchiveError("the membership would have ended already: --until is past") }
    try await database.write { database in
      let group = try Self.existingGroup(name, in: database)
      let before = try MembershipTable.spans(of: member, in: group, at: time, in: database)
      try MembershipTable.add(
        member, to: group, since: since, until: until, by: user.name, at: time, in: database)
      let now = try MembershipTable.spans(of: member, in: group, at: time, in: database)
      try record(
        "group changed", "'\(member)' is a member of '\(name)' \(now)" + (before.isEmpty ? "" : "; it was \(before)"),
        in: database)
    }
  }

  package func removeMember(_ member: String, fromGroup name: String) async throws {
    let time = now()
    try await database.write { database in
      let group = try Self.existingGroup(name, in: database)
      guard let principal = try PrincipalTable.id(of: member, in: database),
        try MembershipTable.lasts(principal, in: group, at: time, in: database)
      else { throw ArchiveError("'\(member)' is no member of '\(name)': see collimator group list") }
      let before = try MembershipTable.spans(of: member, in: group, at: time, in: database)
      try MembershipTable.end(principal, in: group, by: user.name, at: time, database)
      try record(
        "group changed",
        "'\(member)' is no member of '\(name)' any more" + (before.isEmpty ? "" : "; it was \(before)"), in: database)
    }
  }

  private static func existingGroup(_ name: String, in database: Database) throws -> Int64 {
    guard let group = try PrincipalTable.id(of: name, kind: "group", in: database) else {
      throw ArchiveError("there is no group '\(name)': see collimator group list")
    }
    return group
  }
}

/// When somebody will be of an age.
enum Coming {
  /// Seconds since 1970 of the beginning, in UTC, of the day on which the patient is so old.
  static func birthday(
    _ age: Int, of patient: PatientIdentity, _ given: String?, in database: Database
  ) throws -> Double {
    let known = try String.fetchOne(
      database,
      sql: """
        SELECT k_00100030 FROM study JOIN patient ON patient.id = study.patient
        WHERE patient_id = ? AND issuer = ? AND sole_study = '' AND k_00100030 <> '' AND aside = 0
        ORDER BY received_demographics IS NULL, study.id
        """, arguments: [patient.id, patient.issuer])
    guard (1...120).contains(age) else { throw ArchiveError("\(age) is no age: --ends-at-age takes 1 to 120 years") }
    if let given, day(given) == nil {
      throw ArchiveError("'\(given)' is no birth date: --birth-date takes YYYYMMDD or 2015-03-01")
    }
    guard let text = given ?? known, let day = day(text) else {
      throw ArchiveError("when \(patient) was born is not known here: say it with --birth-date YYYYMMDD")
    }
    return Double(days(year: day.year + age, month: day.month, day: day.day)) * 86_400
  }

  private static func day(_ text: String) -> (year: Int, month: Int, day: Int)? {
    let digits = text.filter { $0 != "-" }
    guard digits.count == 8, let date = DICOMDate(digits), date.year >= 1800, let month = date.month, let day = date.day
    else { return nil }
    return (date.year, month, day)
  }

  /// Since 1970-01-01 in the Gregorian calendar; the 29th of February is the 1st of March where there is none.
  private static func days(year: Int, month: Int, day: Int) -> Int {
    let (y, m) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468
  }
}

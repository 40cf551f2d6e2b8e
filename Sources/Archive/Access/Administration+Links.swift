// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// What came of linking a user to a patient.
package struct AddedLink: Sendable {
  package let grant: Grant
  /// The numbers of those that the same link gave before, and what was shared by them: they have ended.
  package let ended: [Int]
}

extension Administration {
  /// Links a user to a patient; the grant that it gives is pending until it is approved. The same link anew is in place of the
  /// former one, whose grant ends. `endsAtAge`: in years, counted from `birthDate` (YYYYMMDD), or from the birth date in the
  /// patient's studies.
  package func link(
    user name: String, toPatient id: String, issuer: String?, as relationship: Relationship, endsAtAge age: Int? = nil,
    birthDate: String? = nil
  ) async throws -> AddedLink {
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
        let end = try Coming.birthday(age, of: patient, birthDate, at: time, in: database)
        guard end > time else {
          throw ArchiveError("\(patient) has been \(age) since \(Moment.text(end)): it would have ended")
        }
        terms.until = end
      }
      let ended = try endLink(of: principal, to: patient, as: relationship, at: time, in: database)
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
      let words = Self.words(endsAtAge: age, birthDate, inPlaceOf: ended)
      try record(
        "link added", "'\(name)' to \(patient) as \(relationship.rawValue)\(words)", grants: [grant.number],
        subjects: [AuditSubject(patient)], in: database)
      if let age {
        try FamilyEnds.remember(age, birthDate, of: principal, patient, relationship, in: database)
      }
      return AddedLink(grant: grant, ended: ended)
    }
  }

  private static func words(endsAtAge age: Int?, _ birthDate: String?, inPlaceOf ended: [Int]) -> String {
    let end = age.map { ", until the age of \($0)" } ?? ""
    let born = birthDate.map { ", said to be born \($0)" } ?? ""
    let numbers = ended.map(String.init).joined(separator: ", ")
    return end + born + (ended.isEmpty ? "" : "; in place of the former link: with it ended \(numbers)")
  }

  /// Ends the grant that a link gave, for another in its place.
  private func endLink(
    of principal: Int64, to patient: PatientIdentity, as relationship: Relationship, at time: Double,
    in database: Database
  ) throws -> [Int] {
    let former = try PrincipalDetailTable.links(of: principal, in: database).first {
      PatientIdentity(id: $0.patientID, issuer: $0.issuer) == patient && $0.relationship == relationship
    }
    guard let grant = former?.grant else { return [] }
    return try GrantTable.end(
      where: "number = ?", [grant], because: "the link was made anew", by: user.name, at: time, in: database)
  }

  /// What whoever gives or approves a link's grant is to know of its end, in sentences.
  package func remarks(onLinkOf grant: Grant) async throws -> [String] {
    try await database.read { database in
      let row = try Row.fetchOne(
        database,
        sql: """
          SELECT patient_id, issuer, birth_date FROM patient_link WHERE grant_number = ? AND birth_date IS NOT NULL
          """, arguments: [grant.number])
      guard let row else { return [] }
      let patient = PatientIdentity(stored: row[0], issuer: row[1], soleStudy: "")
      return try [Coming.contradiction(of: patient, row[2], in: database)].compactMap(\.self)
    }
  }

  /// What the user has as the patient's family, or as the patient, ends with the link, however it was given, and what was shared
  /// by it; returns how many grants that are.
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
      let grants = try PrincipalDetailTable.unlink(principal, from: patient, in: database)
      let ended = try GrantTable.end(
        where: """
          number IN (SELECT value FROM json_each(?)) OR principal = ? AND patient_id = ? AND issuer = ?
            AND relationship IN ('self', 'child', 'parent', 'guardian')
          """, [IndexTables.json(grants.map(Int64.init)), principal, patient.id, patient.issuer],
        because: "the link was removed", by: user.name, at: time, in: database)
      // Earlier versions forgot the grant of a link that was made twice, and left it without one.
      guard !links.isEmpty || !ended.isEmpty else {
        throw ArchiveError("'\(name)' is not linked to \(patient): see collimator user show '\(name)'")
      }
      let were = links.isEmpty ? "a grant whose link was gone" : links.map(\.words).joined(separator: ", ")
      try record(
        "link removed", "'\(name)' to \(patient): it was \(were); \(ended.count) grants ended with it", grants: grants,
        subjects: [AuditSubject(patient)], in: database)
      return ended.count
    }
  }
}

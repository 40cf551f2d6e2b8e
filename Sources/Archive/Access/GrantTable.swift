// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Grants as they stand in the database; one that has ended stays, so that it can be told who could see what.
enum GrantTable {
  static func insert(
    to grantee: (principal: Int64, name: String), scope: GrantScope, until: Double?, by user: String, at time: Double,
    in database: Database
  ) throws -> Grant {
    let row = try ScopeColumns(scope)
    try database.execute(
      sql: """
        INSERT INTO access_grant
          (principal, grantee, scope, patient_id, issuer, study_uid, until, granted_by, granted_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        grantee.principal, grantee.name, row.kind, row.patientID, row.issuer, row.studyUID, until, user, time,
      ])
    return Grant(
      number: Int(database.lastInsertedRowID), grantee: grantee.name, scope: row.scope, until: until, state: .active,
      grantedBy: user, grantedAt: time)
  }

  static func all(at time: Double, in database: Database) throws -> [Grant] {
    try Row.fetchAll(database, sql: "SELECT * FROM access_grant ORDER BY number").map { row in
      let until: Double? = row["until"]
      let isRevoked = (row["revoked_at"] as Double?) != nil
      return Grant(
        number: row["number"], grantee: row["grantee"], scope: ScopeColumns(row).scope, until: until,
        state: isRevoked ? .revoked : (until.map { $0 <= time } ?? false) ? .expired : .active,
        grantedBy: row["granted_by"], grantedAt: row["granted_at"])
    }
  }
}

/// A scope in columns.
private struct ScopeColumns {
  let kind: String
  var patientID: String?
  var issuer: String?
  var studyUID: String?

  init(_ scope: GrantScope) throws(ArchiveError) {
    switch scope {
    case .everything: kind = "everything"
    case .patient(let id, let issuer):
      guard let patient = PatientIdentity(id: id, issuer: issuer) else {
        throw ArchiveError("an empty Patient ID identifies nobody: name a study instead")
      }
      kind = "patient"
      patientID = patient.id
      self.issuer = patient.issuer
    case .study(let uid):
      guard !uid.trimmed.isEmpty else { throw ArchiveError("an empty Study Instance UID names no study") }
      kind = "study"
      studyUID = MatchingForm.storable(uid.trimmed)
    }
  }

  init(_ row: Row) {
    kind = row["scope"]
    patientID = row["patient_id"]
    issuer = row["issuer"]
    studyUID = row["study_uid"]
  }

  var scope: GrantScope {
    if let patientID { return .patient(id: patientID, issuer: issuer.flatMap { $0.isEmpty ? nil : $0 }) }
    if let studyUID { return .study(uid: studyUID) }
    return .everything
  }
}

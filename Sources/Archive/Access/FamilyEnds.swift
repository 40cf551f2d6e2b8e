// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Grants on a child that end at an age follow the birth date when it is corrected.
enum FamilyEnds {
  static func remember(
    _ age: Int, _ birthDate: String?, of principal: Int64, _ patient: PatientIdentity, _ relationship: Relationship,
    in database: Database
  ) throws {
    try database.execute(
      sql: """
        UPDATE patient_link SET ends_at_age = ?, birth_date = ?
        WHERE user = ? AND patient_id = ? AND issuer = ? AND relationship = ?
        """, arguments: [age, birthDate, principal, patient.id, patient.issuer, relationship.rawValue])
  }

  /// Where the birth date was said with the link it stands; an end that is past already is an end now.
  static func follow(
    _ patients: Set<PatientIdentity>, by user: String, at time: Double, in database: Database
  ) throws {
    for patient in patients where patient.isSomebody {
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT ends_at_age, grant_number, until FROM patient_link
          JOIN access_grant ON access_grant.number = grant_number
          WHERE patient_link.patient_id = ? AND patient_link.issuer = ? AND ends_at_age IS NOT NULL
            AND birth_date IS NULL AND state <> 'revoked'
          """, arguments: [patient.id, patient.issuer])
      for row in rows {
        // Nothing is known any more: the end that was known stands.
        guard let until = try? Coming.birthday(row[0], of: patient, nil, in: database), until != row[2] as Double?
        else {
          continue
        }
        try move(row[1], to: until, by: user, at: time, in: database)
      }
    }
  }

  private static func move(
    _ number: Int, to until: Double, by user: String, at time: Double, in database: Database
  ) throws {
    let grant = try GrantTable.grant(number, at: time, in: database)
    guard let grant, grant.state != .revoked else { return }
    if until > time {
      _ = try GrantTable.change(
        number, .extend(until: until), reason: "birth date corrected", by: user, at: time, in: database)
    } else if grant.state != .expired {
      try GrantTable.revoke(where: "number = ?", [number], by: user, at: time, in: database)
    }
  }
}

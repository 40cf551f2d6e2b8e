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

  /// The ends that follow from the birth dates as they are known, by the number of the grant; of those whose birth date was
  /// said with the link there is none: that one stands.
  static func computed(at time: Double, in database: Database) throws -> [Int: Double] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT grant_number, ends_at_age, patient_link.patient_id, patient_link.issuer FROM patient_link
        JOIN access_grant ON access_grant.number = grant_number
        WHERE ends_at_age IS NOT NULL AND birth_date IS NULL AND state <> 'revoked'
        """)
    var ends: [Int: Double] = [:]
    for row in rows {
      let patient = PatientIdentity(stored: row[2], issuer: row[3], soleStudy: "")
      // Nothing is known any more: the end that was known stands.
      ends[row[0]] = try? Coming.birthday(row[1], of: patient, nil, at: time, in: database)
    }
    return ends
  }

  /// `before`: what was computed before the correction. An end that is another was set by hand and stays; so does one that
  /// has come. One that is past by the right birth date is an end now.
  static func follow(_ before: [Int: Double], by user: String, at time: Double, in database: Database) throws {
    let after = try computed(at: time, in: database).sorted { $0.key < $1.key }
    for (number, end) in after where before[number] != end {
      guard let grant = try GrantTable.grant(number, at: time, in: database), grant.state != .expired,
        let known = before[number], grant.until == known
      else { continue }
      try move(number, to: end, by: user, at: time, in: database)
    }
  }

  private static let reason = "birth date corrected"

  private static func move(
    _ number: Int, to end: Double, by user: String, at time: Double, in database: Database
  ) throws {
    guard end > time else {
      try GrantTable.revoke(where: "number = ?", [number], because: reason, by: user, at: time, in: database)
      return
    }
    _ = try GrantTable.change(number, .extend(until: end), reason: reason, by: user, at: time, in: database)
    try GrantTable.record(
      "grants extended", [number], because: "\(reason), until \(Moment.text(end))", by: .operator(user), at: time,
      in: database)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// What is known of principals beside their names: roles, attributes, and the patients that they have to do with.
enum PrincipalDetailTable {
  static func roles(of principal: Int64, in database: Database) throws -> [Role] {
    try String.fetchAll(
      database, sql: "SELECT role FROM user_role WHERE user = ? ORDER BY role", arguments: [principal]
    )
    .compactMap(Role.init(rawValue:))
  }

  static func setRoles(_ roles: Set<Role>, of principal: Int64, in database: Database) throws {
    try database.execute(sql: "DELETE FROM user_role WHERE user = ?", arguments: [principal])
    for role in roles {
      try database.execute(
        sql: "INSERT INTO user_role (user, role) VALUES (?, ?)", arguments: [principal, role.rawValue])
    }
  }

  static func attributes(of principal: Int64, in database: Database) throws -> [String: String] {
    let rows = try Row.fetchAll(
      database, sql: "SELECT name, value FROM principal_attribute WHERE principal = ?", arguments: [principal])
    return Dictionary(rows.map { ($0[0] as String, $0[1] as String) }, uniquingKeysWith: { first, _ in first })
  }

  /// An empty value takes the attribute away.
  static func setAttribute(_ name: String, _ value: String, of principal: Int64, in database: Database) throws {
    guard PrincipalTable.isName(name), value.utf8.count <= 1024 else {
      throw ArchiveError(
        "an attribute has a name of 1 to 64 bytes and a value of at most 1024, without control characters")
    }
    try database.execute(
      sql: "DELETE FROM principal_attribute WHERE principal = ? AND name = ?", arguments: [principal, name])
    guard !value.isEmpty else { return }
    try database.execute(
      sql: "INSERT INTO principal_attribute (principal, name, value) VALUES (?, ?, ?)",
      arguments: [principal, name, value])
  }

  static func links(of principal: Int64, in database: Database) throws -> [PatientLink] {
    try Row.fetchAll(
      database, sql: "SELECT * FROM patient_link WHERE user = ? ORDER BY patient_id, issuer, relationship",
      arguments: [principal]
    ).compactMap { row in
      guard let relationship = Relationship(rawValue: row["relationship"]) else { return nil }
      let issuer: String = row["issuer"]
      return PatientLink(
        patientID: row["patient_id"], issuer: issuer.isEmpty ? nil : issuer, relationship: relationship,
        grant: row["grant_number"], linkedBy: row["linked_by"], linkedAt: row["linked_at"])
    }
  }

  static func link(
    _ principal: Int64, to patient: PatientIdentity, as relationship: Relationship, grant: Int?, by user: String,
    at time: Double, in database: Database
  ) throws {
    try database.execute(
      sql: """
        INSERT OR REPLACE INTO patient_link
          (user, patient_id, issuer, relationship, grant_number, linked_by, linked_at) VALUES (?, ?, ?, ?, ?, ?, ?)
        """, arguments: [principal, patient.id, patient.issuer, relationship.rawValue, grant, user, time])
  }

  /// Returns the numbers of the grants that it gave.
  static func unlink(
    _ principal: Int64, from patient: PatientIdentity, in database: Database
  ) throws -> [Int] {
    try Int?.fetchAll(
      database,
      sql: """
        DELETE FROM patient_link WHERE user = ? AND patient_id = ? AND issuer = ? RETURNING grant_number
        """, arguments: [principal, patient.id, patient.issuer]
    ).compactMap(\.self)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Grants of earlier versions that outranked what they may not.
enum GrantStandingSchema {
  static let name = "20 grants within vetoes and consents"

  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration(name) { database in
      try takeOwnStanding(database)
    }
  }

  /// `self` was believed of whoever an administrator said it of: of a peer, a group, a user who is not linked to that patient,
  /// and on everything. Vetoes meet these from here on. Of a shape's number, 96 are the standing, 64 of them the patient's own.
  private static func takeOwnStanding(_ database: Database) throws {
    let condition = """
      relationship = 'self' AND NOT (scope = 'patient' AND EXISTS (SELECT 1 FROM patient_link
        WHERE patient_link.user = access_grant.principal AND patient_link.patient_id = access_grant.patient_id
          AND patient_link.issuer = access_grant.issuer AND patient_link.relationship = 'self'))
      """
    try database.execute(
      sql: """
        INSERT INTO grant_event (grant_number, at, made_by, state, until, reason)
          SELECT number, unixepoch('now'), 'upgrade', state, until, 'its holder is not linked to the patient as self'
          FROM access_grant WHERE \(condition) AND state <> 'revoked' ORDER BY number;
        UPDATE access_grant SET relationship = NULL, shape = shape & ~96 WHERE \(condition);
        """)
  }
}

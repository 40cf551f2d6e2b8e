// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Grants of earlier versions that outranked what they may not.
enum GrantStandingSchema {
  static let name = "20 grants within vetoes and consents"

  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration(name) { database in
      try takeOwnStanding(database)
      try keepWithinConsents(database)
      try writeModalitiesOfVetoes(database)
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

  /// In small letters they were taken, and met nothing. Those of grants stay: what opened nothing is not opened by an upgrade.
  private static func writeModalitiesOfVetoes(_ database: Database) throws {
    try database.execute(sql: "UPDATE consent SET modalities = upper(modalities) WHERE kind = 'veto'")
  }

  /// A grant holds while the consent does that it rests on; what was shared by it, while it does.
  private static func keepWithinConsents(_ database: Database) throws {
    let isWithdrawn = """
      state <> 'revoked' AND consent IN (SELECT number FROM consent WHERE withdrawn_at IS NOT NULL)
      """
    try revoke(isWithdrawn, "the consent was withdrawn", database)
    let bounds = [
      (
        "until", "min(coalesce(access_grant.until, 1e18), consent.until)",
        "coalesce(access_grant.until, 1e18) > consent.until"
      ),
      (
        "since", "max(coalesce(access_grant.since, 0), consent.since)",
        "coalesce(access_grant.since, 0) < consent.since"
      ),
    ]
    for (column, value, condition) in bounds {
      try note(
        database.makeStatement(
          sql: """
            UPDATE access_grant SET \(column) = \(value) FROM consent
            WHERE consent.number = access_grant.consent AND state <> 'revoked' AND consent.\(column) IS NOT NULL
              AND \(condition) RETURNING access_grant.number
            """), "it holds while the consent does", database)
    }
    try boundShares(database)
  }

  static func boundShares(_ database: Database) throws {
    // What was shared on from what was shared follows in another round.
    for _ in 0..<64 {
      let basis = "SELECT number FROM access_grant WHERE state = 'revoked'"
      let ended = try revoke("state <> 'revoked' AND shared_from IN (\(basis))", "it rested on another grant", database)
      let cut = try note(
        database.makeStatement(
          sql: """
            UPDATE access_grant SET until = basis.until FROM access_grant AS basis
            WHERE basis.number = access_grant.shared_from AND access_grant.state <> 'revoked'
              AND coalesce(access_grant.until, 1e18) > basis.until RETURNING access_grant.number
            """), "it rests on another grant", database)
      if ended + cut == 0 { return }
    }
  }

  @discardableResult
  static func revoke(_ condition: String, _ reason: String, _ database: Database) throws -> Int {
    try note(
      database.makeStatement(
        sql: """
          UPDATE access_grant SET state = 'revoked', revoked_by = 'upgrade', revoked_at = unixepoch('now')
          WHERE \(condition) RETURNING number
          """), reason, database)
  }

  /// What a statement changed is on record, as it stands now.
  @discardableResult
  static func note(_ statement: Statement, _ reason: String, _ database: Database) throws -> Int {
    let numbers = try Int.fetchAll(statement)
    for number in numbers {
      try database.execute(
        sql: """
          INSERT INTO grant_event (grant_number, at, made_by, state, until, reason)
          SELECT number, unixepoch('now'), 'upgrade', state, until, ? FROM access_grant WHERE number = ?
          """, arguments: [reason, number])
    }
    return numbers.count
  }
}

// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Grants of earlier versions that rest on a permission to a group whose member had them: they held when the member had left.
enum GroupPermissionSchema {
  static let name = "22 grants within memberships"

  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration(name) { database in
      // By the number of the grant: when its holder's membership ends, or ended; 0 where there is none.
      try database.execute(
        sql: """
          CREATE TEMP TABLE membership_end AS
            SELECT access_grant.number, coalesce((SELECT max(coalesce(membership.until, 1e18)) FROM membership
              WHERE member = access_grant.principal AND "group" = consent.against), 0) AS until
            FROM access_grant JOIN consent ON consent.number = access_grant.consent
            LEFT JOIN principal ON principal.id = consent.against
            WHERE access_grant.state <> 'revoked' AND consent.kind = 'permission'
              AND consent.against NOT IN (0, access_grant.principal) AND coalesce(principal.kind, 'group') = 'group'
          """)
      try GrantStandingSchema.revoke(
        "state <> 'revoked' AND number IN (SELECT number FROM membership_end WHERE until = 0)", reason, database)
      try GrantStandingSchema.note(
        database.makeStatement(
          sql: """
            UPDATE access_grant SET until = membership_end.until FROM membership_end
            WHERE membership_end.number = access_grant.number AND state <> 'revoked'
              AND coalesce(access_grant.until, 1e18) > membership_end.until RETURNING access_grant.number
            """), reason, database)
      try database.execute(sql: "DROP TABLE membership_end")
      try GrantStandingSchema.boundShares(database)
    }
  }

  private static let reason = "it holds while its holder belongs to the group that the consent is for"
}

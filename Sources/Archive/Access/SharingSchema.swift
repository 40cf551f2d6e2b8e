// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What somebody shared rests on the grant by which they did; what was deleted is told to those who knew of it.
enum SharingSchema {
  static let name = "14 shared grants, who knew of what was deleted"

  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration(name) { database in
      try keepShares(database)
      try keepSenders(database)
    }
  }

  /// `shared_from`: the grant; `shared_by`: the principal who holds it, alone or in a group. `suspended_with`: the grant
  /// that was suspended, and this one with it.
  private static func keepShares(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE access_grant ADD COLUMN shared_from INTEGER;
        ALTER TABLE access_grant ADD COLUMN shared_by INTEGER;
        ALTER TABLE access_grant ADD COLUMN suspended_with INTEGER;
        CREATE INDEX access_grant_by_share ON access_grant (shared_from) WHERE shared_from IS NOT NULL;
        CREATE INDEX access_grant_by_sharer ON access_grant (shared_by) WHERE shared_by IS NOT NULL;
        """)
  }

  /// `senders`: numbers of principals, in JSON. Of what was deleted before, neither is known: it is refused to all.
  private static func keepSenders(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE tombstone ADD COLUMN study_uid TEXT NOT NULL DEFAULT '';
        ALTER TABLE tombstone ADD COLUMN senders TEXT NOT NULL DEFAULT '[]';
        CREATE INDEX tombstone_by_study ON tombstone (study_uid) WHERE study_uid <> '';
        """)
  }
}

// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What a retention plan named, so that nothing else is deleted when it is applied; which files an object had before, so that
/// they are deleted with it; and canonical digests in which a private element counts the same whether its VR is known or not:
/// those of before are found out anew when they are needed.
enum KeepingSchema {
  static let name = "21 what plans named, files that were replaced, private elements"

  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration(name) { database in
      try keepPlans(database)
      try keepReplacedObjects(database)
      try database.execute(sql: "UPDATE instance SET canonical_digest = NULL WHERE canonical_digest IS NOT NULL")
    }
  }

  /// `instances`: the first and the last of each run of numbers, in JSON. A plan of an earlier version kept no list.
  private static func keepPlans(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE retention_plan ADD COLUMN is_listed INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE planned_study (
          plan INTEGER NOT NULL REFERENCES retention_plan ON DELETE CASCADE, study_uid TEXT NOT NULL,
          instances TEXT NOT NULL
        ) STRICT;
        CREATE INDEX planned_study_by_uid ON planned_study (plan, study_uid);
        """)
  }

  /// `object`: what the object of this arrival was kept as until its file was found lost or damaged.
  private static func keepReplacedObjects(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE replaced_object (
          object TEXT PRIMARY KEY, arrival INTEGER NOT NULL REFERENCES arrival (number) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX replaced_object_by_arrival ON replaced_object (arrival);
        """)
  }
}

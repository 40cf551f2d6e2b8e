// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What the operations keep: none of it is rebuilt, all of it is backed up.
enum OperationsSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("5 tombstones, holds, retention") { database in
      try keepDigestsWithArrivals(database)
      try createDeletionTables(database)
      try createKeepingTables(database)
    }
  }

  /// The index can be rebuilt from damaged files without passing them off as whole only if it is not what knows their digest.
  private static func keepDigestsWithArrivals(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE arrival ADD COLUMN content_digest BLOB;
        ALTER TABLE arrival ADD COLUMN content_size INTEGER;
        UPDATE arrival SET (content_digest, content_size) = (SELECT digest, size FROM instance WHERE instance.object = arrival.object);
        """)
  }

  private static func createDeletionTables(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE deletion (
          number INTEGER PRIMARY KEY AUTOINCREMENT, level TEXT NOT NULL, reason TEXT NOT NULL, deleted_by TEXT NOT NULL,
          deleted_at REAL NOT NULL, instances INTEGER NOT NULL, bytes INTEGER NOT NULL,
          keeps_out INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE TABLE tombstone (
          object TEXT PRIMARY KEY, deletion INTEGER NOT NULL REFERENCES deletion, sop_instance_uid TEXT NOT NULL,
          digest BLOB NOT NULL, is_removed INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX tombstone_to_remove ON tombstone (object) WHERE is_removed = 0;
        CREATE INDEX tombstone_by_uid ON tombstone (sop_instance_uid);
        CREATE TABLE scrub (
          one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, finished_at REAL
        ) STRICT;
        INSERT INTO scrub VALUES (1, 0, NULL);
        """)
  }

  private static func createKeepingTables(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE legal_hold (
          number INTEGER PRIMARY KEY AUTOINCREMENT, patient_id TEXT, issuer TEXT, study_uid TEXT, reason TEXT NOT NULL,
          placed_by TEXT NOT NULL, placed_at REAL NOT NULL, released_by TEXT, released_at REAL, release_reason TEXT
        ) STRICT;
        CREATE TABLE retention_rule (
          number INTEGER PRIMARY KEY AUTOINCREMENT, days INTEGER NOT NULL,
          basis TEXT NOT NULL CHECK (basis IN ('studyDate', 'arrival', 'access')), modalities TEXT NOT NULL,
          added_by TEXT NOT NULL, added_at REAL NOT NULL
        ) STRICT;
        CREATE TABLE retention_plan (
          number INTEGER PRIMARY KEY AUTOINCREMENT, made_at REAL NOT NULL, made_by TEXT NOT NULL, rules TEXT NOT NULL,
          studies INTEGER NOT NULL, instances INTEGER NOT NULL, bytes INTEGER NOT NULL, applied_at REAL
        ) STRICT;
        CREATE TABLE last_access (study_uid TEXT PRIMARY KEY, at REAL NOT NULL) STRICT;
        """)
  }
}

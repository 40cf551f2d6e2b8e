// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The audit's tables: never rebuilt, always backed up, only ever added to, but for what `audit prune` cuts at the beginning.
enum AuditSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("8 audit") { database in
      try createRecords(database)
      try createSubjects(database)
      try database.execute(
        sql: """
          CREATE TABLE audit_forwarding (destination TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
          """)
    }
  }

  /// The subject of a record that has one alone stands in the record itself.
  private static func createRecords(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE audit (
          number INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, act TEXT NOT NULL, outcome TEXT NOT NULL,
          actor TEXT NOT NULL, principal TEXT NOT NULL, peer TEXT NOT NULL, ae_title TEXT NOT NULL,
          address TEXT NOT NULL, assurance TEXT NOT NULL, destination TEXT, grants TEXT NOT NULL, count INTEGER,
          detail TEXT NOT NULL, identifier BLOB, began INTEGER, patient_id TEXT, issuer TEXT, study_uid TEXT,
          instances TEXT, subjects INTEGER NOT NULL, hash BLOB NOT NULL
        ) STRICT;
        CREATE INDEX audit_by_time ON audit (at);
        CREATE INDEX audit_by_principal ON audit (principal);
        CREATE INDEX audit_by_patient ON audit (patient_id, issuer) WHERE patient_id IS NOT NULL;
        CREATE INDEX audit_by_study ON audit (study_uid) WHERE study_uid IS NOT NULL;
        CREATE INDEX audit_of_cut ON audit (number) WHERE act = 'audit pruned';
        CREATE INDEX audit_of_began ON audit (began) WHERE began IS NOT NULL;
        """)
  }

  private static func createSubjects(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE audit_subject (
          record INTEGER NOT NULL, ordinal INTEGER NOT NULL, patient_id TEXT NOT NULL, issuer TEXT NOT NULL,
          study_uid TEXT NOT NULL, instances TEXT NOT NULL, PRIMARY KEY (record, ordinal)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX audit_subject_by_patient ON audit_subject (patient_id, issuer);
        CREATE INDEX audit_subject_by_study ON audit_subject (study_uid);
        """)
  }
}

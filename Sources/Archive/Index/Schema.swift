// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The tables of `index.sqlite`, in numbered migrations.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 first light") { database in
      try createAccessTables(database)
      try createIndexTables(database)
    }
    migrator.registerMigration("2 users") { database in
      try UserSchema.create(in: database)
    }
    migrator.registerMigration("3 peers that have to use TLS") { database in
      try database.execute(sql: "ALTER TABLE peer ADD COLUMN requires_tls INTEGER NOT NULL DEFAULT 0")
    }
    return migrator
  }

  /// Who may see what: never rebuilt, always backed up.
  private static func createAccessTables(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE principal (
          id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('peer', 'group')), name TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE TABLE peer (
          principal INTEGER PRIMARY KEY REFERENCES principal ON DELETE CASCADE, ae_title TEXT NOT NULL, port INTEGER,
          rights INTEGER NOT NULL, accepts_private INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX peer_by_ae_title ON peer (ae_title);
        CREATE TABLE peer_address (
          principal INTEGER NOT NULL REFERENCES peer ON DELETE CASCADE, network TEXT NOT NULL,
          PRIMARY KEY (principal, network)
        ) STRICT;
        CREATE TABLE membership (
          member INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
          "group" INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE, PRIMARY KEY (member, "group")
        ) STRICT;
        CREATE TABLE access_grant (
          number INTEGER PRIMARY KEY AUTOINCREMENT, principal INTEGER REFERENCES principal ON DELETE SET NULL,
          grantee TEXT NOT NULL, scope TEXT NOT NULL CHECK (scope IN ('everything', 'patient', 'study')),
          patient_id TEXT, issuer TEXT, study_uid TEXT, until REAL, granted_by TEXT NOT NULL, granted_at REAL NOT NULL,
          revoked_by TEXT, revoked_at REAL
        ) STRICT;
        CREATE INDEX access_grant_by_principal ON access_grant (principal, scope, patient_id, issuer, study_uid);
        CREATE TABLE knock (
          calling TEXT NOT NULL, called TEXT NOT NULL, address TEXT NOT NULL, reason TEXT NOT NULL,
          count INTEGER NOT NULL, first REAL NOT NULL, last REAL NOT NULL,
          PRIMARY KEY (calling, called, address, reason)
        ) STRICT;
        CREATE TABLE arrival (
          object TEXT PRIMARY KEY, sender TEXT NOT NULL, calling TEXT NOT NULL, arrived_at REAL NOT NULL
        ) STRICT;
        CREATE TABLE node (one INTEGER PRIMARY KEY CHECK (one = 1), was_closed INTEGER NOT NULL) STRICT;
        INSERT INTO node VALUES (1, 1);
        """)
  }

  /// What was received: rebuilt from the files at any time.
  private static func createIndexTables(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE patient (
          id INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, issuer TEXT NOT NULL, sole_study TEXT NOT NULL,
          UNIQUE (patient_id, issuer, sole_study)
        ) STRICT;
        CREATE TABLE study (
          id INTEGER PRIMARY KEY, patient INTEGER NOT NULL REFERENCES patient, \(columns(.patient)),
          \(columns(.study)),
          UNIQUE (v_0020000d, patient)
        ) STRICT;
        CREATE INDEX study_by_patient ON study (patient);
        CREATE INDEX study_by_accession_number ON study (v_00080050);
        CREATE INDEX study_by_date ON study (k_00080020);
        CREATE TABLE series (
          id INTEGER PRIMARY KEY, study INTEGER NOT NULL REFERENCES study, \(columns(.series)),
          UNIQUE (v_0020000e, study)
        ) STRICT;
        CREATE INDEX series_by_study ON series (study);
        CREATE TABLE instance (
          id INTEGER PRIMARY KEY, series INTEGER REFERENCES series, object TEXT NOT NULL UNIQUE,
          transfer_syntax TEXT NOT NULL, digest BLOB NOT NULL, size INTEGER NOT NULL,
          is_missing INTEGER NOT NULL DEFAULT 0, \(columns(.instance))
        ) STRICT;
        CREATE INDEX instance_by_series ON instance (series);
        CREATE INDEX instance_by_uid ON instance (v_00080018);
        CREATE INDEX study_by_patient_name ON study (k_00100010);
        CREATE INDEX study_by_patient_id ON study (v_00100020);
        """)
  }

  private static func columns(_ level: IndexedAttribute.Level) -> String {
    IndexedAttribute.at(level).flatMap { attribute in
      ["\(attribute.column) TEXT NOT NULL"] + (attribute.hasKeyColumn ? ["\(attribute.keyColumn) TEXT NOT NULL"] : [])
    }.joined(separator: ", ")
  }
}

// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The first schema, as it was: what it made stands in databases, so nothing here may change.
enum FirstLightSchema {
  static func create(in database: Database) throws {
    try createAccessTables(database)
    try createIndexTables(database)
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
          id INTEGER PRIMARY KEY, patient INTEGER NOT NULL REFERENCES patient, \(columns(study)),
          UNIQUE (v_0020000d, patient)
        ) STRICT;
        CREATE INDEX study_by_patient ON study (patient);
        CREATE INDEX study_by_accession_number ON study (v_00080050);
        CREATE INDEX study_by_date ON study (k_00080020);
        CREATE TABLE series (
          id INTEGER PRIMARY KEY, study INTEGER NOT NULL REFERENCES study, \(columns(series)),
          UNIQUE (v_0020000e, study)
        ) STRICT;
        CREATE INDEX series_by_study ON series (study);
        CREATE TABLE instance (
          id INTEGER PRIMARY KEY, series INTEGER REFERENCES series, object TEXT NOT NULL UNIQUE,
          transfer_syntax TEXT NOT NULL, digest BLOB NOT NULL, size INTEGER NOT NULL,
          is_missing INTEGER NOT NULL DEFAULT 0, \(columns(instance))
        ) STRICT;
        CREATE INDEX instance_by_series ON instance (series);
        CREATE INDEX instance_by_uid ON instance (v_00080018);
        CREATE INDEX study_by_patient_name ON study (k_00100010);
        CREATE INDEX study_by_patient_id ON study (v_00100020);
        """)
  }

  private static func columns(_ names: [String]) -> String {
    names.map { "\($0) TEXT NOT NULL" }.joined(separator: ", ")
  }

  static let study = """
    v_00100010 k_00100010 v_00100020 v_00100021 v_00100030 k_00100030 v_00100032 k_00100032 v_00100040 v_00102160
    v_00104000 v_00102201 v_00102292 v_00102297 k_00102297 v_00101000 v_00101001 k_00101001 v_0020000d v_00080020
    k_00080020 v_00080030 k_00080030 v_00080050 v_00200010 v_00080090 k_00080090 v_00081030 v_00101010 v_00101020
    v_00101030 v_00102180 v_001021b0 v_00321032 k_00321032 v_00081048 k_00081048 v_00081060 k_00081060 v_00081080
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  static let series = """
    v_0020000e v_00080060 v_00200011 v_0008103e v_00080021 k_00080021 v_00080031 k_00080031 v_00180015 v_00181030
    v_00200060 v_00080070 v_00081090 v_00081010 v_00080080 v_00081040 v_00200052 v_00400244 k_00400244 v_00400245
    k_00400245 v_00400253 v_00081050 k_00081050 v_00081070 k_00081070
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  static let instance = """
    v_00080018 v_00080016 v_00200013 v_00080023 k_00080023 v_00080033 k_00080033 v_00080022 k_00080022 v_0008002a
    k_0008002a v_00200012 v_00280008 v_00280010 v_00280011 v_00280100 v_00080012 k_00080012 v_00080013 k_00080013
    v_0040a491 v_0040a493 v_00420010 v_00080008
    """.split(whereSeparator: \.isWhitespace).map(String.init)
}

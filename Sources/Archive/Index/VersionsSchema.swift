// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Several versions of one object, one study under several patients, and corrections laid over what was received.
enum VersionsSchema {
  static func create(in database: Database) throws {
    try createCorrectionTables(database)
    try rebuildArrivals(database)
    try rebuildStudies(database)
    try rebuildSeries(database)
    try rebuildInstances(database)
  }

  /// Nothing of these can be had from the files: never rebuilt, always backed up.
  private static func createCorrectionTables(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE peer ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
        ALTER TABLE node ADD COLUMN lacks_values INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE correction (
          number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('merge', 'reassign')),
          study_uid TEXT, from_patient_id TEXT NOT NULL, from_issuer TEXT NOT NULL, from_sole_study TEXT NOT NULL,
          to_patient_id TEXT NOT NULL CHECK (to_patient_id <> ''), to_issuer TEXT NOT NULL, demographics TEXT NOT NULL,
          reason TEXT NOT NULL, made_by TEXT NOT NULL, made_at REAL NOT NULL, undone_by TEXT, undone_at REAL,
          undone_reason TEXT, CHECK ((kind = 'merge') = (study_uid IS NULL))
        ) STRICT;
        CREATE TABLE further_key (tag TEXT PRIMARY KEY, level TEXT NOT NULL) STRICT;
        CREATE INDEX correction_by_source ON correction (from_patient_id, from_issuer, from_sole_study);
        CREATE TABLE conflict_choice (
          number INTEGER PRIMARY KEY AUTOINCREMENT, sop_instance_uid TEXT NOT NULL, digest BLOB NOT NULL,
          reason TEXT NOT NULL, made_by TEXT NOT NULL, made_at REAL NOT NULL, undone_by TEXT, undone_at REAL
        ) STRICT;
        CREATE INDEX conflict_choice_by_uid ON conflict_choice (sop_instance_uid);
        """)
  }

  /// An arrival's number is its instance's id: a rebuilt index has the same versions in the same order.
  private static func rebuildArrivals(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE arrival RENAME TO old_arrival;
        CREATE TABLE arrival (
          number INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT NOT NULL UNIQUE, sender TEXT NOT NULL,
          calling TEXT NOT NULL, arrived_at REAL NOT NULL, default_issuer TEXT NOT NULL DEFAULT ''
        ) STRICT;
        INSERT INTO arrival (number, object, sender, calling, arrived_at)
          SELECT instance.id, object, coalesce(sender, 'recovery'), coalesce(calling, ''), coalesce(arrived_at, 0)
          FROM instance LEFT JOIN old_arrival USING (object) ORDER BY instance.id;
        DROP TABLE old_arrival;
        """)
  }

  /// A row is what was received under one patient. Callers are shown it under `patient`; one that a correction made part of
  /// another row has none.
  private static func rebuildStudies(_ database: Database) throws {
    // ID and issuer are the patient's own from now on.
    let kept = FirstLightSchema.study.filter { $0 != "v_00100020" && $0 != "v_00100021" }
    try database.execute(
      sql: """
        CREATE TABLE new_study (
          id INTEGER PRIMARY KEY, patient INTEGER REFERENCES patient,
          received_patient INTEGER NOT NULL REFERENCES patient, folded_into INTEGER REFERENCES study,
          received_demographics TEXT, \(columns(kept)), UNIQUE (v_0020000d, received_patient)
        ) STRICT;
        INSERT INTO new_study (id, patient, received_patient, \(list(kept)))
          SELECT id, patient, patient, \(list(kept)) FROM study ORDER BY id;
        DROP TABLE study;
        ALTER TABLE new_study RENAME TO study;
        CREATE INDEX study_by_patient ON study (patient);
        CREATE INDEX study_by_received_patient ON study (received_patient);
        CREATE INDEX study_by_accession_number ON study (v_00080050);
        CREATE INDEX study_by_date ON study (k_00080020);
        CREATE INDEX study_by_patient_name ON study (k_00100010);
        CREATE INDEX study_by_correction ON study (v_0020000d) WHERE received_demographics IS NOT NULL;
        """)
  }

  private static func rebuildSeries(_ database: Database) throws {
    let kept = FirstLightSchema.series
    try database.execute(
      sql: """
        CREATE TABLE new_series (
          id INTEGER PRIMARY KEY, study INTEGER REFERENCES study, received_study INTEGER NOT NULL REFERENCES study,
          folded_into INTEGER REFERENCES series, \(columns(kept)), UNIQUE (v_0020000e, received_study)
        ) STRICT;
        INSERT INTO new_series (id, study, received_study, \(list(kept)))
          SELECT id, study, study, \(list(kept)) FROM series ORDER BY id;
        DROP TABLE series;
        ALTER TABLE new_series RENAME TO series;
        CREATE INDEX series_by_study ON series (study);
        CREATE INDEX series_by_received_study ON series (received_study);
        """)
  }

  /// `fault`: 0 for none, 1 where the file is gone, 2 where it is not what was received; only 0 is ever served.
  /// `preference`: -1 for the version that an administrator chose. `folded_from`: the series as received, where a
  /// correction made it part of another.
  private static func rebuildInstances(_ database: Database) throws {
    let kept = FirstLightSchema.instance
    try database.execute(
      sql: """
        CREATE TABLE new_instance (
          id INTEGER PRIMARY KEY, series INTEGER REFERENCES series, folded_from INTEGER REFERENCES series,
          object TEXT NOT NULL UNIQUE, transfer_syntax TEXT NOT NULL, digest BLOB NOT NULL, canonical_digest BLOB,
          size INTEGER NOT NULL, fault INTEGER NOT NULL DEFAULT 0, preference INTEGER NOT NULL DEFAULT 0,
          \(columns(kept))
        ) STRICT;
        INSERT INTO new_instance (id, series, object, transfer_syntax, digest, size, fault, \(list(kept)))
          SELECT id, series, object, transfer_syntax, digest, size, is_missing, \(list(kept)) FROM instance ORDER BY id;
        DROP TABLE instance;
        ALTER TABLE new_instance RENAME TO instance;
        CREATE INDEX instance_by_series ON instance (series);
        CREATE INDEX instance_by_folded_series ON instance (folded_from) WHERE folded_from IS NOT NULL;
        CREATE INDEX instance_by_uid ON instance (v_00080018);
        CREATE INDEX instance_by_fault ON instance (fault) WHERE fault <> 0;
        CREATE TABLE difference (
          study INTEGER NOT NULL REFERENCES study, attribute TEXT NOT NULL, value TEXT NOT NULL,
          instance INTEGER NOT NULL REFERENCES instance, PRIMARY KEY (study, attribute, value)
        ) STRICT;
        """)
  }

  private static func columns(_ names: [String]) -> String {
    names.map { "\($0) TEXT NOT NULL DEFAULT ''" }.joined(separator: ", ")
  }

  private static func list(_ names: [String]) -> String { names.joined(separator: ", ") }
}

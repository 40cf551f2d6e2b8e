// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// What questions need to be answered from an index, however large the archive is.
enum QuerySchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("10 query and retrieve") { database in
      try createProfiles(database)
      try createInstanceIndexes(database)
      try createNameKeys(database)
      try fillSounds(database)
      try moveDateTimes(database)
    }
  }

  /// Studies of some days and a modality are found in indexes alone: their rows are far apart, and only those that are told are read.
  static func registerIndexes(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("19 indexes of days and modalities") { database in
      try database.execute(
        sql: """
          CREATE INDEX study_by_date_and_aside ON study (k_00080020, id, aside);
          DROP INDEX study_by_date;
          CREATE INDEX contradicted_patient_by_name ON patient (patient_id, issuer, sole_study) WHERE is_contradicted > 0;
          CREATE INDEX series_by_study_and_modality ON series (study, v_00080060);
          DROP INDEX series_by_study;
          """)
    }
  }

  /// How a peer is answered; where there is no row, as everybody is.
  private static func createProfiles(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE query_profile (
          principal INTEGER PRIMARY KEY REFERENCES peer ON DELETE CASCADE, most_answers INTEGER,
          character_set TEXT NOT NULL DEFAULT ''
        ) STRICT;
        """)
  }

  /// Objects are counted, and their classes collected, without a look at their rows, which are wide.
  private static func createInstanceIndexes(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE INDEX instance_by_series_and_uid ON instance (series, v_00080018, v_00080016);
        CREATE INDEX faulty_instance_by_series ON instance (series) WHERE fault <> 0;
        """)
  }

  /// A name has a key for each component group, and a sound for each word; each finds its study. Kept by the database itself,
  /// whoever writes to `study`.
  private static func createNameKeys(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE study ADD COLUMN s_00100010 TEXT NOT NULL DEFAULT '';
        CREATE TABLE patient_name_key (
          form INTEGER NOT NULL, key TEXT NOT NULL, study INTEGER NOT NULL, PRIMARY KEY (form, key, study)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX patient_name_key_by_study ON patient_name_key (study);
        INSERT INTO patient_name_key (form, key, study)
          SELECT DISTINCT 0, value, study.id FROM study, json_each(\(list("study.k_00100010"))) WHERE value <> '';
        DROP INDEX study_by_patient_name;
        CREATE TRIGGER study_name_added AFTER INSERT ON study BEGIN \(insertion("new")) END;
        CREATE TRIGGER study_name_removed AFTER DELETE ON study BEGIN
          DELETE FROM patient_name_key WHERE study = old.id;
        END;
        CREATE TRIGGER study_name_changed AFTER UPDATE OF id, k_00100010, s_00100010 ON study BEGIN
          DELETE FROM patient_name_key WHERE study = old.id;
          \(insertion("new"))
        END;
        """)
  }

  private static func insertion(_ row: String) -> String {
    [("k_00100010", 0), ("s_00100010", 1)].map { column, form in
      """
      INSERT OR IGNORE INTO patient_name_key (form, key, study)
        SELECT \(form), value, \(row).id FROM json_each(\(list("\(row).\(column)"))) WHERE value <> '';
      """
    }.joined(separator: "\n")
  }

  /// Values between backslashes as a JSON array: a backslash within a JSON string is two of them.
  private static func list(_ column: String) -> String {
    #"'[' || replace(json_quote(\#(column)), '\\', '","') || ']'"#
  }

  private static func fillSounds(_ database: Database) throws {
    let names = try Row.fetchCursor(database, sql: "SELECT id, v_00100010 FROM study WHERE v_00100010 <> ''")
    var sounds: [(Int64, String)] = []
    while let row = try names.next() {
      let values = (row[1] as String).split(separator: "\\").map(String.init)
      sounds.append((row[0], Set(values.flatMap(PersonNameSound.sounds)).sorted().joined(separator: "\\")))
    }
    let statement = try database.makeStatement(sql: "UPDATE study SET s_00100010 = ? WHERE id = ?")
    for (id, sound) in sounds { try statement.execute(arguments: [sound, id]) }
  }

  /// Moments that name a zone are kept in UTC from now on.
  private static func moveDateTimes(_ database: Database) throws {
    for tag in ["0008002a"] {
      let rows = try Row.fetchAll(
        database,
        sql: "SELECT id, v_\(tag) FROM instance WHERE instr(v_\(tag), '+') > 0 OR instr(v_\(tag), '-') > 0")
      for row in rows {
        try database.execute(
          sql: "UPDATE instance SET k_\(tag) = ? WHERE id = ?",
          arguments: [MatchingForm.key(of: [row[1]], vr: .dt), row[0] as Int64])
      }
    }
  }
}

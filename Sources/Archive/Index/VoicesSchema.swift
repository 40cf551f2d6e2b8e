// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What objects say that is not what the first object of their study or series says, so that whoever may not see that first
/// object is answered by the earliest that they may see.
enum VoicesSchema {
  static let name = "15 contradictions"

  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration(name) { database in
      let (study, series) = (try values(of: "study", in: database), try values(of: "series", in: database))
      try createTables(study, series, in: database)
      try createNameKeys(database)
      try fill(study, series, in: database)
    }
  }

  private static func values(of table: String, in database: Database) throws -> [String] {
    try database.columns(in: table).map(\.name).filter {
      $0.hasPrefix("v_") || $0.hasPrefix("k_") || $0.hasPrefix("s_")
    }
  }

  /// A voice is all that objects which agree say of a study or series. Of patients of whom objects contradict each other each
  /// has its voices: that of the row itself is the row's number, negative; another's the number of the first instance that
  /// said so. `said`: what it says otherwise than the row, as received. `id`, `patient`, `study`: where it is shown.
  private static func createTables(_ study: [String], _ series: [String], in database: Database) throws {
    let columns = { (names: [String]) in names.map { "\($0) TEXT NOT NULL DEFAULT ''" }.joined(separator: ", ") }
    try database.execute(
      sql: """
        ALTER TABLE patient ADD COLUMN is_contradicted INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX contradicted_patient ON patient (id) WHERE is_contradicted > 0;
        CREATE INDEX folded_patient ON patient (id) WHERE is_contradicted = 2;
        CREATE TABLE contradiction (
          instance INTEGER PRIMARY KEY REFERENCES instance ON DELETE CASCADE, study_voice INTEGER, series_voice INTEGER
        ) STRICT;
        CREATE TABLE study_voice (
          voice INTEGER PRIMARY KEY, received INTEGER NOT NULL REFERENCES study ON DELETE CASCADE, said TEXT NOT NULL,
          id INTEGER NOT NULL, patient INTEGER NOT NULL, aside INTEGER NOT NULL, \(columns(study)),
          UNIQUE (received, said)
        ) STRICT;
        CREATE INDEX study_voice_by_id ON study_voice (id);
        CREATE INDEX study_voice_by_patient ON study_voice (patient);
        CREATE INDEX study_voice_by_uid ON study_voice (v_0020000d);
        CREATE INDEX study_voice_by_accession_number ON study_voice (v_00080050);
        CREATE INDEX study_voice_by_date ON study_voice (k_00080020, id);
        CREATE TABLE series_voice (
          voice INTEGER PRIMARY KEY, received INTEGER NOT NULL REFERENCES series ON DELETE CASCADE, said TEXT NOT NULL,
          id INTEGER NOT NULL, study INTEGER NOT NULL, \(columns(series)), UNIQUE (received, said)
        ) STRICT;
        CREATE INDEX series_voice_by_id ON series_voice (id);
        CREATE INDEX series_voice_by_study ON series_voice (study);
        CREATE INDEX series_voice_by_uid ON series_voice (v_0020000e);
        """)
  }

  /// As `patient_name_key` has them of studies; kept by the database itself.
  private static func createNameKeys(_ database: Database) throws {
    let insertions = [("k_00100010", 0), ("s_00100010", 1)].map { column, form in
      """
      INSERT OR IGNORE INTO voice_name_key (form, key, study, voice) SELECT \(form), value, new.id, new.voice
        FROM json_each('[' || replace(json_quote(new.\(column)), '\\\\', '","') || ']') WHERE value <> '';
      """
    }
    try database.execute(
      sql: """
        CREATE TABLE voice_name_key (
          form INTEGER NOT NULL, key TEXT NOT NULL, study INTEGER NOT NULL, voice INTEGER NOT NULL,
          PRIMARY KEY (form, key, study, voice)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX voice_name_key_by_voice ON voice_name_key (voice);
        CREATE TRIGGER study_voice_added AFTER INSERT ON study_voice BEGIN \(insertions.joined(separator: "\n")) END;
        CREATE TRIGGER study_voice_removed AFTER DELETE ON study_voice BEGIN
          DELETE FROM voice_name_key WHERE voice = old.voice;
        END;
        """)
  }

  /// Of what is here already only some contradictions were noted: those of an object with the first of its study about the
  /// patient. The rest stands in the files, from which `reindex` has it.
  private static func fill(_ study: [String], _ series: [String], in database: Database) throws {
    guard try Int64.fetchOne(database, sql: "SELECT 1 FROM instance LIMIT 1") != nil else { return }
    try database.execute(sql: "UPDATE node SET lacks_values = 1")
    let known = IndexLayout.standard.demographics.filter { Set(study).isSuperset(of: $0.columns(of: []).map(\.name)) }
    let demographics = known.flatMap { $0.columns(of: []).map(\.name) }
    let voices = Voices(VoiceStatements(study: study, series: series, demographics: demographics), in: database)
    let attributes = Dictionary(known.map { ($0.column, $0) }, uniquingKeysWith: { first, _ in first })
    var said: [Int64: (study: Int64, values: [String: String])] = [:]
    for row in try Row.fetchAll(database, sql: "SELECT study, attribute, value, instance FROM difference") {
      guard let attribute = attributes[row[1]] else { continue }
      let values = (row[2] as String).split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
      for (column, value) in attribute.columns(of: values) {
        said[row[3], default: (row[0], [:])].values[column] = value
      }
    }
    for (instance, difference) in said.sorted(by: { $0.key < $1.key }) {
      try voices.adopt(instance, (difference.study, difference.values), nil)
    }
    try voices.markAll()
  }
}

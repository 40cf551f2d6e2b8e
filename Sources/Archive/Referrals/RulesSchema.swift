// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Referral rules, one-time codes, what is set for emergencies, and at what age a child's grant ends.
enum RulesSchema {
  static let name = "13 rules and codes"

  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration(name) { database in
      try createRuleTables(database)
      try createCodeTables(database)
      try keepReferrals(database)
    }
  }

  /// `stamp` changes with whatever the rules depend on.
  private static func createRuleTables(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE referral_rule (
          name TEXT PRIMARY KEY, definition TEXT NOT NULL, added_by TEXT NOT NULL, added_at REAL NOT NULL
        ) STRICT;
        CREATE TABLE rule_stamp (only INTEGER PRIMARY KEY CHECK (only = 1), stamp INTEGER NOT NULL) STRICT;
        INSERT INTO rule_stamp VALUES (1, 1);
        ALTER TABLE patient_link ADD COLUMN ends_at_age INTEGER;
        ALTER TABLE patient_link ADD COLUMN birth_date TEXT;
        """)
    for table in ["referral_rule", "principal", "principal_attribute"] {
      for event in ["INSERT", "UPDATE", "DELETE"] {
        try database.execute(
          sql: """
            CREATE TRIGGER rule_stamp_\(table)_\(event.lowercased()) AFTER \(event) ON \(table)
            BEGIN UPDATE rule_stamp SET stamp = stamp + 1; END
            """)
      }
    }
  }

  /// Of a code only its hash is known here.
  private static func createCodeTables(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE access_code (
          number INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL, scope TEXT NOT NULL, patient_id TEXT,
          issuer TEXT, study_uid TEXT, rights INTEGER NOT NULL, seconds REAL NOT NULL, sharer INTEGER NOT NULL,
          opened_by TEXT NOT NULL, opened_at REAL NOT NULL, until REAL NOT NULL, redeemed_by TEXT, redeemed_at REAL,
          grant_number INTEGER
        ) STRICT;
        CREATE INDEX access_code_open ON access_code (until) WHERE redeemed_at IS NULL;
        CREATE TABLE code_attempt (
          principal INTEGER PRIMARY KEY REFERENCES principal ON DELETE CASCADE, failures INTEGER NOT NULL,
          locked_until REAL
        ) STRICT;
        CREATE TABLE emergency_law (
          only INTEGER PRIMARY KEY CHECK (only = 1), overrides_vetoes INTEGER NOT NULL, set_by TEXT NOT NULL,
          set_at REAL NOT NULL
        ) STRICT;
        """)
  }

  /// What the first object of each series said; of those that are here, as far as the index knows it.
  private static func keepReferrals(_ database: Database) throws {
    try database.execute(sql: "ALTER TABLE series ADD COLUMN referral TEXT NOT NULL DEFAULT ''")
    let study = try Set(database.columns(in: "study").map(\.name))
    let series = try Set(database.columns(in: "series").map(\.name))
    guard study.isSuperset(of: ["v_00080090", "v_00321032", "v_00102297"]),
      series.isSuperset(of: ["v_00080060", "v_00080080"])
    else { return }
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT series.id, v_00080090, v_00321032, v_00102297, v_00080080, v_00080060,
          (SELECT calling FROM arrival WHERE number =
            (SELECT min(id) FROM instance WHERE coalesce(folded_from, series) = series.id))
        FROM series JOIN study ON study.id = received_study
        """)
    for row in rows {
      var referral = Referral()
      referral.referringNames = Referral.names([row[1]])
      referral.requestingNames = Referral.names([row[2]])
      referral.responsible = Referral.names([row[3]])
      referral.institution = Referral.text(row[4])
      referral.modality = (row[5] as String).trimmed
      referral.calling = (row[6] as String? ?? "").trimmed
      try database.execute(
        sql: "UPDATE series SET referral = ? WHERE id = ?", arguments: [referral.json, row[0] as Int64])
    }
  }
}

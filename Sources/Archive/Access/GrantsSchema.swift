// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Grants with all that they say, consents, and what principals are. Grants of earlier versions open what they opened. Times
/// are seconds since 1970.
enum GrantsSchema {
  static let name = "7 grants"

  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration(name) { database in
      try createPrincipalTables(database)
      try rebuildMemberships(database)
      try rebuildGrants(database)
      try createConsentTable(database)
      try keepWhatIsAside(database)
      try keepRecordTypes(database)
    }
  }

  private static func createPrincipalTables(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE principal ADD COLUMN group_kind TEXT;
        CREATE TABLE user_role (
          user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, role TEXT NOT NULL, PRIMARY KEY (user, role)
        ) STRICT;
        CREATE TABLE principal_attribute (
          principal INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL,
          PRIMARY KEY (principal, name)
        ) STRICT;
        CREATE INDEX principal_attribute_by_value ON principal_attribute (name, value);
        CREATE TABLE patient_link (
          user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, patient_id TEXT NOT NULL, issuer TEXT NOT NULL,
          relationship TEXT NOT NULL, grant_number INTEGER, linked_by TEXT NOT NULL, linked_at REAL NOT NULL,
          PRIMARY KEY (user, patient_id, issuer, relationship)
        ) STRICT;
        CREATE INDEX patient_link_by_patient ON patient_link (patient_id, issuer);
        -- From here on, peers that store may add to any study only where it is said.
        UPDATE peer SET rights = rights | 8 WHERE rights & 1;
        """)
  }

  /// One who leaves a group and comes back has two memberships: who belonged to it when can be told.
  private static func rebuildMemberships(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE new_membership (
          number INTEGER PRIMARY KEY AUTOINCREMENT, member INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
          "group" INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE, since REAL, until REAL
        ) STRICT;
        INSERT INTO new_membership (member, "group") SELECT member, "group" FROM membership ORDER BY member, "group";
        DROP TABLE membership;
        ALTER TABLE new_membership RENAME TO membership;
        CREATE INDEX membership_by_member ON membership (member, "group");
        CREATE INDEX membership_by_group ON membership ("group");
        """)
  }

  /// `shape`: of `GrantShape`, so that what has to be asked about somebody's grants is found without reading them.
  private static func rebuildGrants(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE new_access_grant (
          number INTEGER PRIMARY KEY AUTOINCREMENT, principal INTEGER REFERENCES principal ON DELETE SET NULL,
          grantee TEXT NOT NULL, effect TEXT NOT NULL CHECK (effect IN ('opens', 'limits')), \(target),
          rights INTEGER NOT NULL, since REAL, until REAL,
          state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'suspended', 'revoked')), relationship TEXT,
          purpose_of_use TEXT, consent INTEGER, reference TEXT, least_assurance INTEGER NOT NULL, origin TEXT,
          granted_by TEXT NOT NULL, granted_at REAL NOT NULL, verified_by TEXT, verified_at REAL, revoked_by TEXT,
          revoked_at REAL
        ) STRICT;
        INSERT INTO new_access_grant (number, principal, grantee, effect, scope, patient_id, issuer, study_uid, shape,
            rights, until, state, least_assurance, granted_by, granted_at, verified_by, verified_at, revoked_by, revoked_at)
          SELECT number, principal, grantee, 'opens', scope, patient_id, issuer, study_uid,
            CASE scope WHEN 'everything' THEN 0 WHEN 'patient' THEN 2 ELSE 4 END,
            \(GrantRights.customary.rawValue), until, CASE WHEN revoked_at IS NULL THEN 'active' ELSE 'revoked' END, 0,
            granted_by, granted_at, granted_by, granted_at, revoked_by, revoked_at
          FROM access_grant ORDER BY number;
        DROP TABLE access_grant;
        ALTER TABLE new_access_grant RENAME TO access_grant;
        CREATE INDEX access_grant_in_force ON access_grant
          (principal, shape, patient_id, issuer) WHERE state = 'active';
        CREATE INDEX access_grant_in_force_on_study ON access_grant (study_uid, principal, shape)
          WHERE state = 'active' AND study_uid IS NOT NULL;
        CREATE INDEX access_grant_in_force_on_series ON access_grant (series_uid, principal, shape)
          WHERE state = 'active' AND series_uid IS NOT NULL;
        CREATE INDEX access_grant_ceiling ON access_grant (principal) WHERE effect = 'limits';
        CREATE INDEX access_grant_by_patient ON access_grant (patient_id, issuer) WHERE patient_id IS NOT NULL;
        CREATE INDEX access_grant_by_study ON access_grant (study_uid) WHERE study_uid IS NOT NULL;
        CREATE INDEX access_grant_by_series ON access_grant (series_uid) WHERE series_uid IS NOT NULL;
        CREATE INDEX access_grant_of_all ON access_grant (scope) WHERE scope = 'everything';
        CREATE INDEX access_grant_by_principal ON access_grant (principal);
        CREATE INDEX access_grant_by_consent ON access_grant (consent) WHERE consent IS NOT NULL;
        CREATE UNIQUE INDEX access_grant_by_origin ON access_grant (origin, principal) WHERE origin IS NOT NULL;
        CREATE TABLE grant_event (
          number INTEGER PRIMARY KEY AUTOINCREMENT, grant_number INTEGER NOT NULL, at REAL NOT NULL,
          made_by TEXT NOT NULL, state TEXT NOT NULL, until REAL, reason TEXT
        ) STRICT;
        CREATE INDEX grant_event_by_grant ON grant_event (grant_number, number);
        """)
  }

  /// `against`: a principal, 0 for everybody. The number of a principal is never another's.
  private static func createConsentTable(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE consent (
          number INTEGER PRIMARY KEY AUTOINCREMENT,
          kind TEXT NOT NULL CHECK (kind IN ('veto', 'delegation', 'permission')), against INTEGER NOT NULL, party TEXT,
          \(target), holds_in_emergency INTEGER NOT NULL, since REAL, until REAL, reference TEXT,
          recorded_by TEXT NOT NULL, recorded_at REAL NOT NULL, withdrawn_by TEXT, withdrawn_at REAL
        ) STRICT;
        CREATE INDEX veto_in_force ON consent (against, shape, patient_id, issuer)
          WHERE kind = 'veto' AND withdrawn_at IS NULL;
        CREATE INDEX veto_in_force_on_study ON consent (study_uid, against, shape)
          WHERE kind = 'veto' AND withdrawn_at IS NULL AND study_uid IS NOT NULL;
        CREATE INDEX veto_in_force_on_series ON consent (series_uid, against, shape)
          WHERE kind = 'veto' AND withdrawn_at IS NULL AND series_uid IS NOT NULL;
        CREATE INDEX consent_by_patient ON consent (patient_id, issuer) WHERE patient_id IS NOT NULL;
        """)
  }

  /// What a grant or a veto is about. Modalities stand between backslashes, titles as value and scheme between backslashes.
  private static let target = """
    scope TEXT NOT NULL CHECK (scope IN ('everything', 'patient', 'study', 'series')),
    patient_id TEXT, issuer TEXT, study_uid TEXT, series_uid TEXT, modalities TEXT, record_types INTEGER, titles TEXT,
    earliest TEXT, latest TEXT, shape INTEGER NOT NULL
    """

  /// What came for a study from somebody who may not add to it is kept aside, in a study of its own, and seen by nobody else:
  /// `aside` is that principal's number, 0 for what is aside for nobody. `begun_by`: the principal who sent the first object.
  private static func keepWhatIsAside(_ database: Database) throws {
    let fixed = ["id", "patient", "received_patient", "folded_into", "received_demographics"]
    let values = try database.columns(in: "study").map(\.name).filter { !fixed.contains($0) }
    let indexes = try String.fetchAll(
      database, sql: "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'study' AND sql IS NOT NULL")
    let all = (fixed + values).joined(separator: ", ")
    try database.execute(
      sql: """
        ALTER TABLE arrival ADD COLUMN principal INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE arrival ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE new_study (
          id INTEGER PRIMARY KEY, patient INTEGER REFERENCES patient,
          received_patient INTEGER NOT NULL REFERENCES patient, folded_into INTEGER REFERENCES study,
          received_demographics TEXT, aside INTEGER NOT NULL DEFAULT 0, begun_by INTEGER NOT NULL DEFAULT 0,
          \(values.map { "\($0) TEXT NOT NULL DEFAULT ''" }.joined(separator: ", ")),
          UNIQUE (v_0020000d, received_patient, aside)
        ) STRICT;
        INSERT INTO new_study (\(all)) SELECT \(all) FROM study ORDER BY id;
        DROP TABLE study;
        ALTER TABLE new_study RENAME TO study;
        CREATE INDEX study_aside ON study (aside) WHERE aside <> 0;
        """)
    for index in indexes { try database.execute(sql: index) }
  }

  private static func keepRecordTypes(_ database: Database) throws {
    try database.execute(sql: "ALTER TABLE instance ADD COLUMN record_type INTEGER NOT NULL DEFAULT 0")
    for uid in try String.fetchAll(database, sql: "SELECT DISTINCT v_00080016 FROM instance") {
      try database.execute(
        sql: "UPDATE instance SET record_type = ? WHERE v_00080016 = ?",
        arguments: [RecordTypes(sopClassUID: uid).rawValue, uid])
    }
  }
}

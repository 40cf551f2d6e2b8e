-- SPDX-License-Identifier: Apache-2.0
-- What this version of index.sqlite looked like: see Tests/ArchiveTests/EarlierVersions. Never changed, only added to.
PRAGMA journal_mode = WAL;
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
CREATE TABLE peer (
  principal INTEGER PRIMARY KEY REFERENCES principal ON DELETE CASCADE, ae_title TEXT NOT NULL, port INTEGER,
  rights INTEGER NOT NULL, accepts_private INTEGER NOT NULL
, demand TEXT NOT NULL DEFAULT 'address'
  CHECK (demand IN ('title', 'address', 'password', 'token', 'certificate')), allows_cleartext_passwords INTEGER NOT NULL DEFAULT 0, requires_tls INTEGER NOT NULL DEFAULT 0, issuer TEXT NOT NULL DEFAULT '', has_odd_titles INTEGER NOT NULL DEFAULT 0, profile TEXT NOT NULL DEFAULT '{}') STRICT;
CREATE TABLE peer_address (
  principal INTEGER NOT NULL REFERENCES peer ON DELETE CASCADE, network TEXT NOT NULL,
  PRIMARY KEY (principal, network)
) STRICT;
CREATE TABLE knock (
  calling TEXT NOT NULL, called TEXT NOT NULL, address TEXT NOT NULL, reason TEXT NOT NULL,
  count INTEGER NOT NULL, first REAL NOT NULL, last REAL NOT NULL,
  PRIMARY KEY (calling, called, address, reason)
) STRICT;
CREATE TABLE node (one INTEGER PRIMARY KEY CHECK (one = 1), was_closed INTEGER NOT NULL, lacks_values INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE patient (
  id INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, issuer TEXT NOT NULL, sole_study TEXT NOT NULL, is_contradicted INTEGER NOT NULL DEFAULT 0,
  UNIQUE (patient_id, issuer, sole_study)
) STRICT;
CREATE TABLE "principal" (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('peer', 'group', 'user')),
  name TEXT NOT NULL UNIQUE
, group_kind TEXT) STRICT;
CREATE TABLE user (
  principal INTEGER PRIMARY KEY REFERENCES principal ON DELETE CASCADE,
  created_by TEXT NOT NULL, created_at REAL NOT NULL, locked_by TEXT, locked_at REAL,
  salt BLOB, hash BLOB, rounds INTEGER, block_size INTEGER, parallelism INTEGER,
  failed_logins INTEGER NOT NULL DEFAULT 0, locked_until REAL
) STRICT;
CREATE TABLE user_certificate (
  fingerprint BLOB PRIMARY KEY, user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  subject TEXT NOT NULL, not_after REAL NOT NULL
) STRICT;
CREATE TABLE token_issuer (
  issuer TEXT PRIMARY KEY, audience TEXT NOT NULL, algorithms TEXT NOT NULL, key TEXT NOT NULL,
  user_claim TEXT NOT NULL
) STRICT;
CREATE TABLE failed_login (network TEXT PRIMARY KEY, level REAL NOT NULL, last REAL NOT NULL) STRICT;
CREATE TABLE correction (
  number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('merge', 'reassign')),
  study_uid TEXT, from_patient_id TEXT NOT NULL, from_issuer TEXT NOT NULL, from_sole_study TEXT NOT NULL,
  to_patient_id TEXT NOT NULL CHECK (to_patient_id <> ''), to_issuer TEXT NOT NULL, demographics TEXT NOT NULL,
  reason TEXT NOT NULL, made_by TEXT NOT NULL, made_at REAL NOT NULL, undone_by TEXT, undone_at REAL,
  undone_reason TEXT, CHECK ((kind = 'merge') = (study_uid IS NULL))
) STRICT;
CREATE TABLE further_key (tag TEXT PRIMARY KEY, level TEXT NOT NULL) STRICT;
CREATE TABLE conflict_choice (
  number INTEGER PRIMARY KEY AUTOINCREMENT, sop_instance_uid TEXT NOT NULL, digest BLOB NOT NULL,
  reason TEXT NOT NULL, made_by TEXT NOT NULL, made_at REAL NOT NULL, undone_by TEXT, undone_at REAL
) STRICT;
CREATE TABLE arrival (
  number INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT NOT NULL UNIQUE, sender TEXT NOT NULL,
  calling TEXT NOT NULL, arrived_at REAL NOT NULL, default_issuer TEXT NOT NULL DEFAULT ''
, content_digest BLOB, content_size INTEGER, principal INTEGER NOT NULL DEFAULT 0, aside INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE "series" (
  id INTEGER PRIMARY KEY, study INTEGER REFERENCES study, received_study INTEGER NOT NULL REFERENCES study,
  folded_into INTEGER REFERENCES series, v_0020000e TEXT NOT NULL DEFAULT '', v_00080060 TEXT NOT NULL DEFAULT '', v_00200011 TEXT NOT NULL DEFAULT '', v_0008103e TEXT NOT NULL DEFAULT '', v_00080021 TEXT NOT NULL DEFAULT '', k_00080021 TEXT NOT NULL DEFAULT '', v_00080031 TEXT NOT NULL DEFAULT '', k_00080031 TEXT NOT NULL DEFAULT '', v_00180015 TEXT NOT NULL DEFAULT '', v_00181030 TEXT NOT NULL DEFAULT '', v_00200060 TEXT NOT NULL DEFAULT '', v_00080070 TEXT NOT NULL DEFAULT '', v_00081090 TEXT NOT NULL DEFAULT '', v_00081010 TEXT NOT NULL DEFAULT '', v_00080080 TEXT NOT NULL DEFAULT '', v_00081040 TEXT NOT NULL DEFAULT '', v_00200052 TEXT NOT NULL DEFAULT '', v_00400244 TEXT NOT NULL DEFAULT '', k_00400244 TEXT NOT NULL DEFAULT '', v_00400245 TEXT NOT NULL DEFAULT '', k_00400245 TEXT NOT NULL DEFAULT '', v_00400253 TEXT NOT NULL DEFAULT '', v_00081050 TEXT NOT NULL DEFAULT '', k_00081050 TEXT NOT NULL DEFAULT '', v_00081070 TEXT NOT NULL DEFAULT '', k_00081070 TEXT NOT NULL DEFAULT '', referral TEXT NOT NULL DEFAULT '', UNIQUE (v_0020000e, received_study)
) STRICT;
CREATE TABLE "instance" (
  id INTEGER PRIMARY KEY, series INTEGER REFERENCES series, folded_from INTEGER REFERENCES series,
  object TEXT NOT NULL UNIQUE, transfer_syntax TEXT NOT NULL, digest BLOB NOT NULL, canonical_digest BLOB,
  size INTEGER NOT NULL, fault INTEGER NOT NULL DEFAULT 0, preference INTEGER NOT NULL DEFAULT 0,
  v_00080018 TEXT NOT NULL DEFAULT '', v_00080016 TEXT NOT NULL DEFAULT '', v_00200013 TEXT NOT NULL DEFAULT '', v_00080023 TEXT NOT NULL DEFAULT '', k_00080023 TEXT NOT NULL DEFAULT '', v_00080033 TEXT NOT NULL DEFAULT '', k_00080033 TEXT NOT NULL DEFAULT '', v_00080022 TEXT NOT NULL DEFAULT '', k_00080022 TEXT NOT NULL DEFAULT '', v_0008002a TEXT NOT NULL DEFAULT '', k_0008002a TEXT NOT NULL DEFAULT '', v_00200012 TEXT NOT NULL DEFAULT '', v_00280008 TEXT NOT NULL DEFAULT '', v_00280010 TEXT NOT NULL DEFAULT '', v_00280011 TEXT NOT NULL DEFAULT '', v_00280100 TEXT NOT NULL DEFAULT '', v_00080012 TEXT NOT NULL DEFAULT '', k_00080012 TEXT NOT NULL DEFAULT '', v_00080013 TEXT NOT NULL DEFAULT '', k_00080013 TEXT NOT NULL DEFAULT '', v_0040a491 TEXT NOT NULL DEFAULT '', v_0040a493 TEXT NOT NULL DEFAULT '', v_00420010 TEXT NOT NULL DEFAULT '', v_00080008 TEXT NOT NULL DEFAULT ''
, record_type INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE difference (
  study INTEGER NOT NULL REFERENCES study, attribute TEXT NOT NULL, value TEXT NOT NULL,
  instance INTEGER NOT NULL REFERENCES instance, PRIMARY KEY (study, attribute, value)
) STRICT;
CREATE TABLE deletion (
  number INTEGER PRIMARY KEY AUTOINCREMENT, level TEXT NOT NULL, reason TEXT NOT NULL, deleted_by TEXT NOT NULL,
  deleted_at REAL NOT NULL, instances INTEGER NOT NULL, bytes INTEGER NOT NULL,
  keeps_out INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE tombstone (
  object TEXT PRIMARY KEY, deletion INTEGER NOT NULL REFERENCES deletion, sop_instance_uid TEXT NOT NULL,
  digest BLOB NOT NULL, is_removed INTEGER NOT NULL DEFAULT 0
, study_uid TEXT NOT NULL DEFAULT '', senders TEXT NOT NULL DEFAULT '[]') STRICT;
CREATE TABLE scrub (
  one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, finished_at REAL
) STRICT;
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
, is_listed INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE last_access (study_uid TEXT PRIMARY KEY, at REAL NOT NULL) STRICT;
CREATE TABLE user_role (
  user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, role TEXT NOT NULL, PRIMARY KEY (user, role)
) STRICT;
CREATE TABLE principal_attribute (
  principal INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (principal, name)
) STRICT;
CREATE TABLE patient_link (
  user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, patient_id TEXT NOT NULL, issuer TEXT NOT NULL,
  relationship TEXT NOT NULL, grant_number INTEGER, linked_by TEXT NOT NULL, linked_at REAL NOT NULL, ends_at_age INTEGER, birth_date TEXT,
  PRIMARY KEY (user, patient_id, issuer, relationship)
) STRICT;
CREATE TABLE "membership" (
  number INTEGER PRIMARY KEY AUTOINCREMENT, member INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
  "group" INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE, since REAL, until REAL
) STRICT;
CREATE TABLE "access_grant" (
  number INTEGER PRIMARY KEY AUTOINCREMENT, principal INTEGER REFERENCES principal ON DELETE SET NULL,
  grantee TEXT NOT NULL, effect TEXT NOT NULL CHECK (effect IN ('opens', 'limits')), scope TEXT NOT NULL CHECK (scope IN ('everything', 'patient', 'study', 'series')),
patient_id TEXT, issuer TEXT, study_uid TEXT, series_uid TEXT, modalities TEXT, record_types INTEGER, titles TEXT,
earliest TEXT, latest TEXT, shape INTEGER NOT NULL,
  rights INTEGER NOT NULL, since REAL, until REAL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'suspended', 'revoked')), relationship TEXT,
  purpose_of_use TEXT, consent INTEGER, reference TEXT, least_assurance INTEGER NOT NULL, origin TEXT,
  granted_by TEXT NOT NULL, granted_at REAL NOT NULL, verified_by TEXT, verified_at REAL, revoked_by TEXT,
  revoked_at REAL
, shared_from INTEGER, shared_by INTEGER, suspended_with INTEGER) STRICT;
CREATE TABLE grant_event (
  number INTEGER PRIMARY KEY AUTOINCREMENT, grant_number INTEGER NOT NULL, at REAL NOT NULL,
  made_by TEXT NOT NULL, state TEXT NOT NULL, until REAL, reason TEXT
) STRICT;
CREATE TABLE consent (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('veto', 'delegation', 'permission')), against INTEGER NOT NULL, party TEXT,
  scope TEXT NOT NULL CHECK (scope IN ('everything', 'patient', 'study', 'series')),
patient_id TEXT, issuer TEXT, study_uid TEXT, series_uid TEXT, modalities TEXT, record_types INTEGER, titles TEXT,
earliest TEXT, latest TEXT, shape INTEGER NOT NULL, holds_in_emergency INTEGER NOT NULL, since REAL, until REAL, reference TEXT,
  recorded_by TEXT NOT NULL, recorded_at REAL NOT NULL, withdrawn_by TEXT, withdrawn_at REAL
) STRICT;
CREATE TABLE "study" (
  id INTEGER PRIMARY KEY, patient INTEGER REFERENCES patient,
  received_patient INTEGER NOT NULL REFERENCES patient, folded_into INTEGER REFERENCES study,
  received_demographics TEXT, aside INTEGER NOT NULL DEFAULT 0, begun_by INTEGER NOT NULL DEFAULT 0,
  v_00100010 TEXT NOT NULL DEFAULT '', k_00100010 TEXT NOT NULL DEFAULT '', v_00100030 TEXT NOT NULL DEFAULT '', k_00100030 TEXT NOT NULL DEFAULT '', v_00100032 TEXT NOT NULL DEFAULT '', k_00100032 TEXT NOT NULL DEFAULT '', v_00100040 TEXT NOT NULL DEFAULT '', v_00102160 TEXT NOT NULL DEFAULT '', v_00104000 TEXT NOT NULL DEFAULT '', v_00102201 TEXT NOT NULL DEFAULT '', v_00102292 TEXT NOT NULL DEFAULT '', v_00102297 TEXT NOT NULL DEFAULT '', k_00102297 TEXT NOT NULL DEFAULT '', v_00101000 TEXT NOT NULL DEFAULT '', v_00101001 TEXT NOT NULL DEFAULT '', k_00101001 TEXT NOT NULL DEFAULT '', v_0020000d TEXT NOT NULL DEFAULT '', v_00080020 TEXT NOT NULL DEFAULT '', k_00080020 TEXT NOT NULL DEFAULT '', v_00080030 TEXT NOT NULL DEFAULT '', k_00080030 TEXT NOT NULL DEFAULT '', v_00080050 TEXT NOT NULL DEFAULT '', v_00200010 TEXT NOT NULL DEFAULT '', v_00080090 TEXT NOT NULL DEFAULT '', k_00080090 TEXT NOT NULL DEFAULT '', v_00081030 TEXT NOT NULL DEFAULT '', v_00101010 TEXT NOT NULL DEFAULT '', v_00101020 TEXT NOT NULL DEFAULT '', v_00101030 TEXT NOT NULL DEFAULT '', v_00102180 TEXT NOT NULL DEFAULT '', v_001021b0 TEXT NOT NULL DEFAULT '', v_00321032 TEXT NOT NULL DEFAULT '', k_00321032 TEXT NOT NULL DEFAULT '', v_00081048 TEXT NOT NULL DEFAULT '', k_00081048 TEXT NOT NULL DEFAULT '', v_00081060 TEXT NOT NULL DEFAULT '', k_00081060 TEXT NOT NULL DEFAULT '', v_00081080 TEXT NOT NULL DEFAULT '', s_00100010 TEXT NOT NULL DEFAULT '',
  UNIQUE (v_0020000d, received_patient, aside)
) STRICT;
CREATE TABLE audit (
  number INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, act TEXT NOT NULL, outcome TEXT NOT NULL,
  actor TEXT NOT NULL, principal TEXT NOT NULL, peer TEXT NOT NULL, ae_title TEXT NOT NULL,
  address TEXT NOT NULL, assurance TEXT NOT NULL, destination TEXT, grants TEXT NOT NULL, count INTEGER,
  detail TEXT NOT NULL, identifier BLOB, began INTEGER, patient_id TEXT, issuer TEXT, study_uid TEXT,
  instances TEXT, subjects INTEGER NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE TABLE audit_subject (
  record INTEGER NOT NULL, ordinal INTEGER NOT NULL, patient_id TEXT NOT NULL, issuer TEXT NOT NULL,
  study_uid TEXT NOT NULL, instances TEXT NOT NULL, PRIMARY KEY (record, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_forwarding (destination TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE query_profile (
  principal INTEGER PRIMARY KEY REFERENCES peer ON DELETE CASCADE, most_answers INTEGER,
  character_set TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE patient_name_key (
  form INTEGER NOT NULL, key TEXT NOT NULL, study INTEGER NOT NULL, PRIMARY KEY (form, key, study)
) STRICT, WITHOUT ROWID;
CREATE TABLE repeated_arrival (
  arrival INTEGER NOT NULL REFERENCES arrival ON DELETE CASCADE, sender TEXT NOT NULL, arrived_at REAL NOT NULL,
  PRIMARY KEY (arrival, sender)
) STRICT, WITHOUT ROWID;
CREATE TABLE commitment (
  number INTEGER PRIMARY KEY AUTOINCREMENT, peer INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
  principal INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE, sender TEXT NOT NULL,
  calling TEXT NOT NULL, address TEXT NOT NULL, transaction_uid TEXT NOT NULL, objects TEXT NOT NULL,
  results TEXT, requested_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_attempt REAL,
  last_failure TEXT, size INTEGER NOT NULL DEFAULT 0, UNIQUE (peer, transaction_uid)
) STRICT;
CREATE TABLE forwarding_rule (
  number INTEGER PRIMARY KEY AUTOINCREMENT, destination INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
  sender INTEGER REFERENCES principal ON DELETE CASCADE, calling TEXT, modalities TEXT NOT NULL,
  added_by TEXT NOT NULL, added_at REAL NOT NULL
, conditions TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE forwarding (
  number INTEGER PRIMARY KEY AUTOINCREMENT, destination INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
  rule INTEGER NOT NULL, arrival INTEGER NOT NULL REFERENCES arrival ON DELETE CASCADE,
  sop_instance_uid TEXT NOT NULL, queued_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt REAL, last_failure TEXT, UNIQUE (destination, arrival)
) STRICT;
CREATE TABLE referral_rule (
  name TEXT PRIMARY KEY, definition TEXT NOT NULL, added_by TEXT NOT NULL, added_at REAL NOT NULL
) STRICT;
CREATE TABLE rule_stamp (only INTEGER PRIMARY KEY CHECK (only = 1), stamp INTEGER NOT NULL) STRICT;
CREATE TABLE access_code (
  number INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL, scope TEXT NOT NULL, patient_id TEXT,
  issuer TEXT, study_uid TEXT, rights INTEGER NOT NULL, seconds REAL NOT NULL, sharer INTEGER NOT NULL,
  opened_by TEXT NOT NULL, opened_at REAL NOT NULL, until REAL NOT NULL, redeemed_by TEXT, redeemed_at REAL,
  grant_number INTEGER
) STRICT;
CREATE TABLE code_attempt (
  principal INTEGER PRIMARY KEY REFERENCES principal ON DELETE CASCADE, failures INTEGER NOT NULL,
  locked_until REAL
) STRICT;
CREATE TABLE emergency_law (
  only INTEGER PRIMARY KEY CHECK (only = 1), overrides_vetoes INTEGER NOT NULL, set_by TEXT NOT NULL,
  set_at REAL NOT NULL
) STRICT;
CREATE TABLE contradiction (
  instance INTEGER PRIMARY KEY REFERENCES instance ON DELETE CASCADE, study_voice INTEGER, series_voice INTEGER
) STRICT;
CREATE TABLE study_voice (
  voice INTEGER PRIMARY KEY, received INTEGER NOT NULL REFERENCES study ON DELETE CASCADE, said TEXT NOT NULL,
  id INTEGER NOT NULL, patient INTEGER NOT NULL, aside INTEGER NOT NULL, v_00100010 TEXT NOT NULL DEFAULT '', k_00100010 TEXT NOT NULL DEFAULT '', v_00100030 TEXT NOT NULL DEFAULT '', k_00100030 TEXT NOT NULL DEFAULT '', v_00100032 TEXT NOT NULL DEFAULT '', k_00100032 TEXT NOT NULL DEFAULT '', v_00100040 TEXT NOT NULL DEFAULT '', v_00102160 TEXT NOT NULL DEFAULT '', v_00104000 TEXT NOT NULL DEFAULT '', v_00102201 TEXT NOT NULL DEFAULT '', v_00102292 TEXT NOT NULL DEFAULT '', v_00102297 TEXT NOT NULL DEFAULT '', k_00102297 TEXT NOT NULL DEFAULT '', v_00101000 TEXT NOT NULL DEFAULT '', v_00101001 TEXT NOT NULL DEFAULT '', k_00101001 TEXT NOT NULL DEFAULT '', v_0020000d TEXT NOT NULL DEFAULT '', v_00080020 TEXT NOT NULL DEFAULT '', k_00080020 TEXT NOT NULL DEFAULT '', v_00080030 TEXT NOT NULL DEFAULT '', k_00080030 TEXT NOT NULL DEFAULT '', v_00080050 TEXT NOT NULL DEFAULT '', v_00200010 TEXT NOT NULL DEFAULT '', v_00080090 TEXT NOT NULL DEFAULT '', k_00080090 TEXT NOT NULL DEFAULT '', v_00081030 TEXT NOT NULL DEFAULT '', v_00101010 TEXT NOT NULL DEFAULT '', v_00101020 TEXT NOT NULL DEFAULT '', v_00101030 TEXT NOT NULL DEFAULT '', v_00102180 TEXT NOT NULL DEFAULT '', v_001021b0 TEXT NOT NULL DEFAULT '', v_00321032 TEXT NOT NULL DEFAULT '', k_00321032 TEXT NOT NULL DEFAULT '', v_00081048 TEXT NOT NULL DEFAULT '', k_00081048 TEXT NOT NULL DEFAULT '', v_00081060 TEXT NOT NULL DEFAULT '', k_00081060 TEXT NOT NULL DEFAULT '', v_00081080 TEXT NOT NULL DEFAULT '', s_00100010 TEXT NOT NULL DEFAULT '',
  UNIQUE (received, said)
) STRICT;
CREATE TABLE series_voice (
  voice INTEGER PRIMARY KEY, received INTEGER NOT NULL REFERENCES series ON DELETE CASCADE, said TEXT NOT NULL,
  id INTEGER NOT NULL, study INTEGER NOT NULL, v_0020000e TEXT NOT NULL DEFAULT '', v_00080060 TEXT NOT NULL DEFAULT '', v_00200011 TEXT NOT NULL DEFAULT '', v_0008103e TEXT NOT NULL DEFAULT '', v_00080021 TEXT NOT NULL DEFAULT '', k_00080021 TEXT NOT NULL DEFAULT '', v_00080031 TEXT NOT NULL DEFAULT '', k_00080031 TEXT NOT NULL DEFAULT '', v_00180015 TEXT NOT NULL DEFAULT '', v_00181030 TEXT NOT NULL DEFAULT '', v_00200060 TEXT NOT NULL DEFAULT '', v_00080070 TEXT NOT NULL DEFAULT '', v_00081090 TEXT NOT NULL DEFAULT '', v_00081010 TEXT NOT NULL DEFAULT '', v_00080080 TEXT NOT NULL DEFAULT '', v_00081040 TEXT NOT NULL DEFAULT '', v_00200052 TEXT NOT NULL DEFAULT '', v_00400244 TEXT NOT NULL DEFAULT '', k_00400244 TEXT NOT NULL DEFAULT '', v_00400245 TEXT NOT NULL DEFAULT '', k_00400245 TEXT NOT NULL DEFAULT '', v_00400253 TEXT NOT NULL DEFAULT '', v_00081050 TEXT NOT NULL DEFAULT '', k_00081050 TEXT NOT NULL DEFAULT '', v_00081070 TEXT NOT NULL DEFAULT '', k_00081070 TEXT NOT NULL DEFAULT '', UNIQUE (received, said)
) STRICT;
CREATE TABLE voice_name_key (
  form INTEGER NOT NULL, key TEXT NOT NULL, study INTEGER NOT NULL, voice INTEGER NOT NULL,
  PRIMARY KEY (form, key, study, voice)
) STRICT, WITHOUT ROWID;
CREATE TABLE start_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE planned_study (
  plan INTEGER NOT NULL REFERENCES retention_plan ON DELETE CASCADE, study_uid TEXT NOT NULL,
  instances TEXT NOT NULL
) STRICT;
CREATE TABLE replaced_object (
  object TEXT PRIMARY KEY, arrival INTEGER NOT NULL REFERENCES arrival (number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO "grdb_migrations" ("identifier") VALUES ('1 first light');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('10 query and retrieve');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('11 commitment and forwarding');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('12 digests of samples');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('13 rules and codes');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('14 shared grants, who knew of what was deleted');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('15 contradictions');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('16 settings of the last start');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('17 sizes of commitment requests');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('18 conditions of forwarding rules');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('19 indexes of days and modalities');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('2 users');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('20 grants within vetoes and consents');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('21 what plans named, files that were replaced, private elements');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('3 peers that have to use TLS');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('4 versions and corrections');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('5 tombstones, holds, retention');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('6 peers with odd titles');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('7 grants');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('8 audit');
INSERT INTO "peer" ("principal", "ae_title", "port", "rights", "accepts_private", "demand", "allows_cleartext_passwords", "requires_tls", "issuer", "has_odd_titles", "profile") VALUES (1, 'ALL', 11112, 15, 1, 'address', 0, 0, '', 0, '{}');
INSERT INTO "peer" ("principal", "ae_title", "port", "rights", "accepts_private", "demand", "allows_cleartext_passwords", "requires_tls", "issuer", "has_odd_titles", "profile") VALUES (2, 'WARD', NULL, 6, 0, 'address', 1, 0, 'WARDS', 1, '{}');
INSERT INTO "peer_address" ("principal", "network") VALUES (1, '127.0.0.1');
INSERT INTO "peer_address" ("principal", "network") VALUES (2, '127.0.0.0/8');
INSERT INTO "knock" ("calling", "called", "address", "reason", "count", "first", "last") VALUES ('WHO', 'COLLIMATOR', '10.0.0.9', 'unknown', 3, 1790000000.0, 1790000005.0);
INSERT INTO "node" ("one", "was_closed", "lacks_values") VALUES (1, 1, 0);
INSERT INTO "patient" ("id", "patient_id", "issuer", "sole_study", "is_contradicted") VALUES (1, '4711', 'CITYHOSPITAL', '', 0);
INSERT INTO "principal" ("id", "kind", "name", "group_kind") VALUES (1, 'peer', 'ALL', NULL);
INSERT INTO "principal" ("id", "kind", "name", "group_kind") VALUES (2, 'peer', 'WARD', NULL);
INSERT INTO "principal" ("id", "kind", "name", "group_kind") VALUES (3, 'group', 'clinic', 'clinic');
INSERT INTO "principal" ("id", "kind", "name", "group_kind") VALUES (4, 'user', 'ann', NULL);
INSERT INTO "user" ("principal", "created_by", "created_at", "locked_by", "locked_at", "salt", "hash", "rounds", "block_size", "parallelism", "failed_logins", "locked_until") VALUES (4, 'root', 1790000000.0, NULL, NULL, X'000102030405060708090A0B0C0D0E0F', X'A18CB562A67FE62CC8858B7D1830734E97DE328F1E2D5ADD64478837EE4E1F18', 16, 8, 1, 0, NULL);
INSERT INTO "user_certificate" ("fingerprint", "user", "subject", "not_after") VALUES (X'0707070707070707070707070707070707070707070707070707070707070707', 4, 'CN=ann', 2000000000.0);
INSERT INTO "token_issuer" ("issuer", "audience", "algorithms", "key", "user_claim") VALUES ('https://id.example', 'collimator', 'RS256', 'none', 'sub');
INSERT INTO "failed_login" ("network", "level", "last") VALUES ('10.0.0.9', 2.5, 1799999990.0);
INSERT INTO "correction" ("number", "kind", "study_uid", "from_patient_id", "from_issuer", "from_sole_study", "to_patient_id", "to_issuer", "demographics", "reason", "made_by", "made_at", "undone_by", "undone_at", "undone_reason") VALUES (1, 'merge', NULL, 'OLD', '', '', '4711', 'CITYHOSPITAL', '{}', 'the same person', 'root', 1790000000.0, NULL, NULL, NULL);
INSERT INTO "further_key" ("tag", "level") VALUES ('00180050', 'IMAGE');
INSERT INTO "conflict_choice" ("number", "sop_instance_uid", "digest", "reason", "made_by", "made_at", "undone_by", "undone_at") VALUES (1, '2.25.99', X'0909090909090909090909090909090909090909090909090909090909090909', 'better', 'root', 1790000000.0, NULL, NULL);
INSERT INTO "arrival" ("number", "object", "sender", "calling", "arrived_at", "default_issuer", "content_digest", "content_size", "principal", "aside") VALUES (1, 'a1000000000000000000000000000000', 'ALL', 'ALL', 1790000000.0, '', X'A30E300B7BFE2D3828B1BDE79DC1AA8242E9D5494B3475C3FDD9B7A5419CC1DA', 1472, 1, 0);
INSERT INTO "arrival" ("number", "object", "sender", "calling", "arrived_at", "default_issuer", "content_digest", "content_size", "principal", "aside") VALUES (2, 'a2000000000000000000000000000000', 'ALL', 'ALL', 1790000001.0, '', X'4E9963DD0FFBFBCA4109BCC1189FE99B552C24F0E6F827F0D643331FEF43C575', 1472, 1, 0);
INSERT INTO "arrival" ("number", "object", "sender", "calling", "arrived_at", "default_issuer", "content_digest", "content_size", "principal", "aside") VALUES (3, 'a3000000000000000000000000000000', 'ALL', 'ALL', 1790000002.0, '', X'A6A781FBD791DBF5BAC62CDAA68403641ACF2581B6E6F3B35A91DF38C403D6DB', 1198, 1, 0);
INSERT INTO "series" ("id", "study", "received_study", "folded_into", "v_0020000e", "v_00080060", "v_00200011", "v_0008103e", "v_00080021", "k_00080021", "v_00080031", "k_00080031", "v_00180015", "v_00181030", "v_00200060", "v_00080070", "v_00081090", "v_00081010", "v_00080080", "v_00081040", "v_00200052", "v_00400244", "k_00400244", "v_00400245", "k_00400245", "v_00400253", "v_00081050", "k_00081050", "v_00081070", "k_00081070", "referral") VALUES (1, 1, 1, NULL, '2.25.350113604795943982008433811230108273', 'CT', '1', '', '20260211', '20260211', '', '', '', '', '', '', '', '', 'Example Hospital', '', '', '', '', '', '', '', '', '', '', '', '');
INSERT INTO "series" ("id", "study", "received_study", "folded_into", "v_0020000e", "v_00080060", "v_00200011", "v_0008103e", "v_00080021", "k_00080021", "v_00080031", "k_00080031", "v_00180015", "v_00181030", "v_00200060", "v_00080070", "v_00081090", "v_00081010", "v_00080080", "v_00081040", "v_00200052", "v_00400244", "k_00400244", "v_00400245", "k_00400245", "v_00400253", "v_00081050", "k_00081050", "v_00081070", "k_00081070", "referral") VALUES (2, 1, 1, NULL, '2.25.342172169613072230965625725309680791', 'SR', '3', '', '20260213', '20260213', '', '', '', '', '', '', '', '', 'Example Hospital', '', '', '', '', '', '', '', '', '', '', '', '');
INSERT INTO "instance" ("id", "series", "folded_from", "object", "transfer_syntax", "digest", "canonical_digest", "size", "fault", "preference", "v_00080018", "v_00080016", "v_00200013", "v_00080023", "k_00080023", "v_00080033", "k_00080033", "v_00080022", "k_00080022", "v_0008002a", "k_0008002a", "v_00200012", "v_00280008", "v_00280010", "v_00280011", "v_00280100", "v_00080012", "k_00080012", "v_00080013", "k_00080013", "v_0040a491", "v_0040a493", "v_00420010", "v_00080008", "record_type") VALUES (1, 1, NULL, 'a1000000000000000000000000000000', '1.2.840.10008.1.2.1', X'A30E300B7BFE2D3828B1BDE79DC1AA8242E9D5494B3475C3FDD9B7A5419CC1DA', NULL, 1472, 0, 0, '2.25.1174167766496810552949642720044391016', '1.2.840.10008.5.1.4.1.1.2', '1', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', 1);
INSERT INTO "instance" ("id", "series", "folded_from", "object", "transfer_syntax", "digest", "canonical_digest", "size", "fault", "preference", "v_00080018", "v_00080016", "v_00200013", "v_00080023", "k_00080023", "v_00080033", "k_00080033", "v_00080022", "k_00080022", "v_0008002a", "k_0008002a", "v_00200012", "v_00280008", "v_00280010", "v_00280011", "v_00280100", "v_00080012", "k_00080012", "v_00080013", "k_00080013", "v_0040a491", "v_0040a493", "v_00420010", "v_00080008", "record_type") VALUES (2, 1, NULL, 'a2000000000000000000000000000000', '1.2.840.10008.1.2.1', X'4E9963DD0FFBFBCA4109BCC1189FE99B552C24F0E6F827F0D643331FEF43C575', NULL, 1472, 0, 0, '2.25.189685826745835417181426693450660124', '1.2.840.10008.5.1.4.1.1.2', '2', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', 1);
INSERT INTO "instance" ("id", "series", "folded_from", "object", "transfer_syntax", "digest", "canonical_digest", "size", "fault", "preference", "v_00080018", "v_00080016", "v_00200013", "v_00080023", "k_00080023", "v_00080033", "k_00080033", "v_00080022", "k_00080022", "v_0008002a", "k_0008002a", "v_00200012", "v_00280008", "v_00280010", "v_00280011", "v_00280100", "v_00080012", "k_00080012", "v_00080013", "k_00080013", "v_0040a491", "v_0040a493", "v_00420010", "v_00080008", "record_type") VALUES (3, 2, NULL, 'a3000000000000000000000000000000', '1.2.840.10008.1.2.1', X'A6A781FBD791DBF5BAC62CDAA68403641ACF2581B6E6F3B35A91DF38C403D6DB', NULL, 1198, 0, 0, '2.25.614702852074849241289730718194609419', '1.2.840.10008.5.1.4.1.1.88.22', '1', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', 2);
INSERT INTO "difference" ("study", "attribute", "value", "instance") VALUES (1, '00081030', 'SR study 1', 3);
INSERT INTO "deletion" ("number", "level", "reason", "deleted_by", "deleted_at", "instances", "bytes", "keeps_out") VALUES (1, 'instance', 'a wrong patient', 'root', 1790000000.0, 1, 1000, 1);
INSERT INTO "tombstone" ("object", "deletion", "sop_instance_uid", "digest", "is_removed", "study_uid", "senders") VALUES ('b1000000000000000000000000000000', 1, '2.25.99', X'0505050505050505050505050505050505050505050505050505050505050505', 1, '2.25.1084618266578605348067271917457398350', '[1]');
INSERT INTO "scrub" ("one", "position", "finished_at") VALUES (1, 2, 1790000000.0);
INSERT INTO "legal_hold" ("number", "patient_id", "issuer", "study_uid", "reason", "placed_by", "placed_at", "released_by", "released_at", "release_reason") VALUES (1, '4711', 'CITYHOSPITAL', NULL, 'a lawsuit', 'root', 1790000000.0, NULL, NULL, NULL);
INSERT INTO "retention_rule" ("number", "days", "basis", "modalities", "added_by", "added_at") VALUES (1, 1, 'studyDate', '', 'root', 1790000000.0);
INSERT INTO "retention_plan" ("number", "made_at", "made_by", "rules", "studies", "instances", "bytes", "applied_at", "is_listed") VALUES (1, 1790000000.0, 'root', '[]', 0, 0, 0, NULL, 0);
INSERT INTO "last_access" ("study_uid", "at") VALUES ('2.25.1084618266578605348067271917457398350', 1790000000.0);
INSERT INTO "user_role" ("user", "role") VALUES (4, 'physician');
INSERT INTO "principal_attribute" ("principal", "name", "value") VALUES (4, 'practice', 'North');
INSERT INTO "patient_link" ("user", "patient_id", "issuer", "relationship", "grant_number", "linked_by", "linked_at", "ends_at_age", "birth_date") VALUES (4, '4711', 'CITYHOSPITAL', 'guardian', 5, 'root', 1790000000.0, 18, '20200101');
INSERT INTO "membership" ("number", "member", "group", "since", "until") VALUES (1, 2, 3, NULL, NULL);
INSERT INTO "access_grant" ("number", "principal", "grantee", "effect", "scope", "patient_id", "issuer", "study_uid", "series_uid", "modalities", "record_types", "titles", "earliest", "latest", "shape", "rights", "since", "until", "state", "relationship", "purpose_of_use", "consent", "reference", "least_assurance", "origin", "granted_by", "granted_at", "verified_by", "verified_at", "revoked_by", "revoked_at", "shared_from", "shared_by", "suspended_with") VALUES (1, 1, 'ALL', 'opens', 'everything', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 7, NULL, NULL, 'active', NULL, NULL, NULL, NULL, 0, NULL, 'root', 1790000000.0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "access_grant" ("number", "principal", "grantee", "effect", "scope", "patient_id", "issuer", "study_uid", "series_uid", "modalities", "record_types", "titles", "earliest", "latest", "shape", "rights", "since", "until", "state", "relationship", "purpose_of_use", "consent", "reference", "least_assurance", "origin", "granted_by", "granted_at", "verified_by", "verified_at", "revoked_by", "revoked_at", "shared_from", "shared_by", "suspended_with") VALUES (2, 3, 'clinic', 'opens', 'patient', '4711', 'CITYHOSPITAL', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, 7, NULL, 2000000000.0, 'active', NULL, NULL, NULL, NULL, 0, NULL, 'root', 1790000000.0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "access_grant" ("number", "principal", "grantee", "effect", "scope", "patient_id", "issuer", "study_uid", "series_uid", "modalities", "record_types", "titles", "earliest", "latest", "shape", "rights", "since", "until", "state", "relationship", "purpose_of_use", "consent", "reference", "least_assurance", "origin", "granted_by", "granted_at", "verified_by", "verified_at", "revoked_by", "revoked_at", "shared_from", "shared_by", "suspended_with") VALUES (3, 2, 'WARD', 'opens', 'everything', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 7, NULL, NULL, 'revoked', NULL, NULL, NULL, NULL, 0, NULL, 'root', 1790000000.0, NULL, NULL, 'root', 1790000001.0, NULL, NULL, NULL);
INSERT INTO "access_grant" ("number", "principal", "grantee", "effect", "scope", "patient_id", "issuer", "study_uid", "series_uid", "modalities", "record_types", "titles", "earliest", "latest", "shape", "rights", "since", "until", "state", "relationship", "purpose_of_use", "consent", "reference", "least_assurance", "origin", "granted_by", "granted_at", "verified_by", "verified_at", "revoked_by", "revoked_at", "shared_from", "shared_by", "suspended_with") VALUES (4, 2, 'WARD', 'opens', 'study', NULL, NULL, '2.25.1084618266578605348067271917457398350', NULL, NULL, NULL, NULL, NULL, NULL, 4, 7, NULL, 1790000060.0, 'active', NULL, NULL, NULL, NULL, 0, NULL, 'root', 1790000000.0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "access_grant" ("number", "principal", "grantee", "effect", "scope", "patient_id", "issuer", "study_uid", "series_uid", "modalities", "record_types", "titles", "earliest", "latest", "shape", "rights", "since", "until", "state", "relationship", "purpose_of_use", "consent", "reference", "least_assurance", "origin", "granted_by", "granted_at", "verified_by", "verified_at", "revoked_by", "revoked_at", "shared_from", "shared_by", "suspended_with") VALUES (5, 4, 'ann', 'opens', 'patient', '4711', 'CITYHOSPITAL', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, 7, NULL, NULL, 'pending', 'guardian', 'TREAT', NULL, NULL, 0, NULL, 'root', 1790000000.0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "access_grant" ("number", "principal", "grantee", "effect", "scope", "patient_id", "issuer", "study_uid", "series_uid", "modalities", "record_types", "titles", "earliest", "latest", "shape", "rights", "since", "until", "state", "relationship", "purpose_of_use", "consent", "reference", "least_assurance", "origin", "granted_by", "granted_at", "verified_by", "verified_at", "revoked_by", "revoked_at", "shared_from", "shared_by", "suspended_with") VALUES (6, 4, 'ann', 'opens', 'series', NULL, NULL, NULL, '2.25.350113604795943982008433811230108273', '\CT\', NULL, NULL, NULL, NULL, 14, 23, 1790000000.0, NULL, 'active', NULL, NULL, NULL, 'a letter', 0, 'code:1', 'root', 1790000000.0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "access_grant" ("number", "principal", "grantee", "effect", "scope", "patient_id", "issuer", "study_uid", "series_uid", "modalities", "record_types", "titles", "earliest", "latest", "shape", "rights", "since", "until", "state", "relationship", "purpose_of_use", "consent", "reference", "least_assurance", "origin", "granted_by", "granted_at", "verified_by", "verified_at", "revoked_by", "revoked_at", "shared_from", "shared_by", "suspended_with") VALUES (7, 2, 'WARD', 'opens', 'series', NULL, NULL, NULL, '2.25.350113604795943982008433811230108273', NULL, NULL, NULL, NULL, NULL, 6, 3, NULL, NULL, 'suspended', NULL, NULL, NULL, NULL, 0, NULL, 'root', 1790000000.0, NULL, NULL, NULL, NULL, 6, 4, 6);
INSERT INTO "grant_event" ("number", "grant_number", "at", "made_by", "state", "until", "reason") VALUES (1, 1, 1790000000.0, 'root', 'active', NULL, 'the first');
INSERT INTO "consent" ("number", "kind", "against", "party", "scope", "patient_id", "issuer", "study_uid", "series_uid", "modalities", "record_types", "titles", "earliest", "latest", "shape", "holds_in_emergency", "since", "until", "reference", "recorded_by", "recorded_at", "withdrawn_by", "withdrawn_at") VALUES (1, 'veto', 3, 'clinic', 'series', NULL, NULL, NULL, '2.25.342172169613072230965625725309680791', NULL, NULL, NULL, NULL, NULL, 6, 0, NULL, NULL, NULL, 'root', 1790000000.0, NULL, NULL);
INSERT INTO "study" ("id", "patient", "received_patient", "folded_into", "received_demographics", "aside", "begun_by", "v_00100010", "k_00100010", "v_00100030", "k_00100030", "v_00100032", "k_00100032", "v_00100040", "v_00102160", "v_00104000", "v_00102201", "v_00102292", "v_00102297", "k_00102297", "v_00101000", "v_00101001", "k_00101001", "v_0020000d", "v_00080020", "k_00080020", "v_00080030", "k_00080030", "v_00080050", "v_00200010", "v_00080090", "k_00080090", "v_00081030", "v_00101010", "v_00101020", "v_00101030", "v_00102180", "v_001021b0", "v_00321032", "k_00321032", "v_00081048", "k_00081048", "v_00081060", "k_00081060", "v_00081080", "s_00100010") VALUES (1, 1, 1, NULL, NULL, 0, 0, 'Maier^Jürgen', 'maier^jurgen', '19610305', '19610305', '', '', 'M', '', '', '', '', '', '', '', '', '', '2.25.1084618266578605348067271917457398350', '20260211', '20260211', '101500', '101500000000', 'A0001', '1', 'Weber^Ruth', 'weber^ruth', 'CT study 1', '', '', '', '', '', '', '', '', '', '', '', '', 'M600\J625');
INSERT INTO "audit" ("number", "at", "kind", "act", "outcome", "actor", "principal", "peer", "ae_title", "address", "assurance", "destination", "grants", "count", "detail", "identifier", "began", "patient_id", "issuer", "study_uid", "instances", "subjects", "hash") VALUES (1, 1790000000.0, 'association', 'association opened', 'success', 'peer', 'ALL', 'ALL', 'ALL', '127.0.0.1', 'address', NULL, '', NULL, 'to COLLIMATOR', NULL, NULL, NULL, NULL, NULL, NULL, 0, X'A9FFE5732606ADCAF4FF19C647DFEFDA5886C5FCFF95716E998253F23F6DDAFA');
INSERT INTO "audit" ("number", "at", "kind", "act", "outcome", "actor", "principal", "peer", "ae_title", "address", "assurance", "destination", "grants", "count", "detail", "identifier", "began", "patient_id", "issuer", "study_uid", "instances", "subjects", "hash") VALUES (2, 1790000001.0, 'store', 'C-STORE', 'success', 'peer', 'ALL', 'ALL', 'ALL', '127.0.0.1', 'address', NULL, '', 1, '', NULL, NULL, '4711', 'CITYHOSPITAL', '2.25.1084618266578605348067271917457398350', '1.2.840.10008.5.1.4.1.1.2 2.25.1174167766496810552949642720044391016', 1, X'B15E8E0A41A4ABEA0A88C13975A8B5FD2CB490F77627A2F8D529EE030813ADD5');
INSERT INTO "audit" ("number", "at", "kind", "act", "outcome", "actor", "principal", "peer", "ae_title", "address", "assurance", "destination", "grants", "count", "detail", "identifier", "began", "patient_id", "issuer", "study_uid", "instances", "subjects", "hash") VALUES (3, 1790000002.0, 'query', 'C-FIND', 'success', 'peer', 'ALL', 'ALL', 'ALL', '127.0.0.1', 'address', NULL, '1', 2, '', X'08005200', NULL, NULL, NULL, NULL, NULL, 2, X'8658DD1A631F0921B6B38FA218B2791058DB9CF151A8C3A79C73057080CFD2E6');
INSERT INTO "audit_subject" ("record", "ordinal", "patient_id", "issuer", "study_uid", "instances") VALUES (3, 0, '4711', 'CITYHOSPITAL', '2.25.1084618266578605348067271917457398350', '');
INSERT INTO "audit_subject" ("record", "ordinal", "patient_id", "issuer", "study_uid", "instances") VALUES (3, 1, '4712', '', '2.25.1', '');
INSERT INTO "audit_forwarding" ("destination", "position") VALUES ('syslog.example:6514', 2);
INSERT INTO "query_profile" ("principal", "most_answers", "character_set") VALUES (2, 500, 'ISO_IR 192');
INSERT INTO "patient_name_key" ("form", "key", "study") VALUES (0, 'maier^jurgen', 1);
INSERT INTO "patient_name_key" ("form", "key", "study") VALUES (1, 'J625', 1);
INSERT INTO "patient_name_key" ("form", "key", "study") VALUES (1, 'M600', 1);
INSERT INTO "repeated_arrival" ("arrival", "sender", "arrived_at") VALUES (1, 'WARD', 1790000009.0);
INSERT INTO "commitment" ("number", "peer", "principal", "sender", "calling", "address", "transaction_uid", "objects", "results", "requested_at", "attempts", "next_attempt", "last_failure", "size") VALUES (1, 1, 1, 'ALL', 'ALL', '127.0.0.1', '2.25.5', '[{"sopClassUID":"1.2.840.10008.5.1.4.1.1.2","sopInstanceUID":"2.25.1174167766496810552949642720044391016"}]', NULL, 1790000000.0, 0, 1790000060.0, NULL, 0);
INSERT INTO "forwarding_rule" ("number", "destination", "sender", "calling", "modalities", "added_by", "added_at", "conditions") VALUES (1, 1, 2, NULL, 'CT', 'root', 1790000000.0, '');
INSERT INTO "forwarding" ("number", "destination", "rule", "arrival", "sop_instance_uid", "queued_at", "attempts", "next_attempt", "last_failure") VALUES (1, 1, 1, 2, '2.25.189685826745835417181426693450660124', 1790000000.0, 2, 1790000060.0, 'nobody there');
INSERT INTO "referral_rule" ("name", "definition", "added_by", "added_at") VALUES ('by name', '{"conditions":[{"key":"referring-name","values":["Weber^Ruth"]}],"grantee":{"principal":{"name":"ann"}},"name":"by name","opensPatient":false,"relationship":"referring","rights":3,"seconds":86400}', 'root', 1790000000.0);
INSERT INTO "rule_stamp" ("only", "stamp") VALUES (1, 7);
INSERT INTO "access_code" ("number", "hash", "scope", "patient_id", "issuer", "study_uid", "rights", "seconds", "sharer", "opened_by", "opened_at", "until", "redeemed_by", "redeemed_at", "grant_number") VALUES (1, X'0303030303030303030303030303030303030303030303030303030303030303', 'study', NULL, NULL, '2.25.1084618266578605348067271917457398350', 3, 86400.0, 0, 'root', 1790000000.0, 1900000000.0, NULL, NULL, NULL);
INSERT INTO "code_attempt" ("principal", "failures", "locked_until") VALUES (4, 1, NULL);
INSERT INTO "emergency_law" ("only", "overrides_vetoes", "set_by", "set_at") VALUES (1, 1, 'root', 1790000000.0);
INSERT INTO "start_setting" ("name", "value") VALUES ('port', '11112');
INSERT INTO "planned_study" ("plan", "study_uid", "instances") VALUES (1, '2.25.1084618266578605348067271917457398350', '[[1,3]]');
INSERT INTO "replaced_object" ("object", "arrival") VALUES ('a0000000000000000000000000000000', 1);
DELETE FROM sqlite_sequence;
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('access_code', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('access_grant', 7);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('arrival', 3);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('commitment', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('conflict_choice', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('consent', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('correction', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('deletion', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('forwarding', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('forwarding_rule', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('grant_event', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('legal_hold', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('membership', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('principal', 4);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('retention_plan', 1);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('retention_rule', 1);
CREATE INDEX peer_by_ae_title ON peer (ae_title);
CREATE INDEX user_certificate_by_user ON user_certificate (user);
CREATE INDEX failed_login_by_time ON failed_login (last);
CREATE INDEX correction_by_source ON correction (from_patient_id, from_issuer, from_sole_study);
CREATE INDEX conflict_choice_by_uid ON conflict_choice (sop_instance_uid);
CREATE INDEX series_by_received_study ON series (received_study);
CREATE INDEX instance_by_series ON instance (series);
CREATE INDEX instance_by_folded_series ON instance (folded_from) WHERE folded_from IS NOT NULL;
CREATE INDEX instance_by_uid ON instance (v_00080018);
CREATE INDEX instance_by_fault ON instance (fault) WHERE fault <> 0;
CREATE INDEX tombstone_to_remove ON tombstone (object) WHERE is_removed = 0;
CREATE INDEX tombstone_by_uid ON tombstone (sop_instance_uid);
CREATE INDEX principal_attribute_by_value ON principal_attribute (name, value);
CREATE INDEX patient_link_by_patient ON patient_link (patient_id, issuer);
CREATE INDEX membership_by_member ON membership (member, "group");
CREATE INDEX membership_by_group ON membership ("group");
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
CREATE INDEX grant_event_by_grant ON grant_event (grant_number, number);
CREATE INDEX veto_in_force ON consent (against, shape, patient_id, issuer)
  WHERE kind = 'veto' AND withdrawn_at IS NULL;
CREATE INDEX veto_in_force_on_study ON consent (study_uid, against, shape)
  WHERE kind = 'veto' AND withdrawn_at IS NULL AND study_uid IS NOT NULL;
CREATE INDEX veto_in_force_on_series ON consent (series_uid, against, shape)
  WHERE kind = 'veto' AND withdrawn_at IS NULL AND series_uid IS NOT NULL;
CREATE INDEX consent_by_patient ON consent (patient_id, issuer) WHERE patient_id IS NOT NULL;
CREATE INDEX study_aside ON study (aside) WHERE aside <> 0;
CREATE INDEX study_by_patient ON study (patient);
CREATE INDEX study_by_received_patient ON study (received_patient);
CREATE INDEX study_by_accession_number ON study (v_00080050);
CREATE INDEX study_by_correction ON study (v_0020000d) WHERE received_demographics IS NOT NULL;
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_principal ON audit (principal);
CREATE INDEX audit_by_patient ON audit (patient_id, issuer) WHERE patient_id IS NOT NULL;
CREATE INDEX audit_by_study ON audit (study_uid) WHERE study_uid IS NOT NULL;
CREATE INDEX audit_of_cut ON audit (number) WHERE act = 'audit pruned';
CREATE INDEX audit_of_began ON audit (began) WHERE began IS NOT NULL;
CREATE INDEX audit_subject_by_patient ON audit_subject (patient_id, issuer);
CREATE INDEX audit_subject_by_study ON audit_subject (study_uid);
CREATE INDEX instance_by_series_and_uid ON instance (series, v_00080018, v_00080016);
CREATE INDEX faulty_instance_by_series ON instance (series) WHERE fault <> 0;
CREATE INDEX patient_name_key_by_study ON patient_name_key (study);
CREATE INDEX commitment_due ON commitment (next_attempt) WHERE next_attempt IS NOT NULL;
CREATE INDEX commitment_by_principal ON commitment (principal);
CREATE INDEX forwarding_rule_by_destination ON forwarding_rule (destination);
CREATE INDEX forwarding_rule_by_sender ON forwarding_rule (sender);
CREATE INDEX forwarding_due ON forwarding (destination, next_attempt) WHERE next_attempt IS NOT NULL;
CREATE INDEX forwarding_by_arrival ON forwarding (arrival);
CREATE INDEX access_code_open ON access_code (until) WHERE redeemed_at IS NULL;
CREATE INDEX access_grant_by_share ON access_grant (shared_from) WHERE shared_from IS NOT NULL;
CREATE INDEX access_grant_by_sharer ON access_grant (shared_by) WHERE shared_by IS NOT NULL;
CREATE INDEX tombstone_by_study ON tombstone (study_uid) WHERE study_uid <> '';
CREATE INDEX contradicted_patient ON patient (id) WHERE is_contradicted > 0;
CREATE INDEX folded_patient ON patient (id) WHERE is_contradicted = 2;
CREATE INDEX study_voice_by_id ON study_voice (id);
CREATE INDEX study_voice_by_patient ON study_voice (patient);
CREATE INDEX study_voice_by_uid ON study_voice (v_0020000d);
CREATE INDEX study_voice_by_accession_number ON study_voice (v_00080050);
CREATE INDEX study_voice_by_date ON study_voice (k_00080020, id);
CREATE INDEX series_voice_by_id ON series_voice (id);
CREATE INDEX series_voice_by_study ON series_voice (study);
CREATE INDEX series_voice_by_uid ON series_voice (v_0020000e);
CREATE INDEX voice_name_key_by_voice ON voice_name_key (voice);
CREATE INDEX study_by_date_and_aside ON study (k_00080020, id, aside);
CREATE INDEX contradicted_patient_by_name ON patient (patient_id, issuer, sole_study) WHERE is_contradicted > 0;
CREATE INDEX series_by_study_and_modality ON series (study, v_00080060);
CREATE INDEX planned_study_by_uid ON planned_study (plan, study_uid);
CREATE INDEX replaced_object_by_arrival ON replaced_object (arrival);
CREATE TRIGGER study_name_added AFTER INSERT ON study BEGIN INSERT OR IGNORE INTO patient_name_key (form, key, study)
  SELECT 0, value, new.id FROM json_each('[' || replace(json_quote(new.k_00100010), '\\', '","') || ']') WHERE value <> '';
INSERT OR IGNORE INTO patient_name_key (form, key, study)
  SELECT 1, value, new.id FROM json_each('[' || replace(json_quote(new.s_00100010), '\\', '","') || ']') WHERE value <> ''; END;
CREATE TRIGGER study_name_removed AFTER DELETE ON study BEGIN
  DELETE FROM patient_name_key WHERE study = old.id;
END;
CREATE TRIGGER study_name_changed AFTER UPDATE OF id, k_00100010, s_00100010 ON study BEGIN
  DELETE FROM patient_name_key WHERE study = old.id;
  INSERT OR IGNORE INTO patient_name_key (form, key, study)
  SELECT 0, value, new.id FROM json_each('[' || replace(json_quote(new.k_00100010), '\\', '","') || ']') WHERE value <> '';
INSERT OR IGNORE INTO patient_name_key (form, key, study)
  SELECT 1, value, new.id FROM json_each('[' || replace(json_quote(new.s_00100010), '\\', '","') || ']') WHERE value <> '';
END;
CREATE TRIGGER rule_stamp_referral_rule_insert AFTER INSERT ON referral_rule
BEGIN UPDATE rule_stamp SET stamp = stamp + 1; END;
CREATE TRIGGER rule_stamp_referral_rule_update AFTER UPDATE ON referral_rule
BEGIN UPDATE rule_stamp SET stamp = stamp + 1; END;
CREATE TRIGGER rule_stamp_referral_rule_delete AFTER DELETE ON referral_rule
BEGIN UPDATE rule_stamp SET stamp = stamp + 1; END;
CREATE TRIGGER rule_stamp_principal_insert AFTER INSERT ON principal
BEGIN UPDATE rule_stamp SET stamp = stamp + 1; END;
CREATE TRIGGER rule_stamp_principal_update AFTER UPDATE ON principal
BEGIN UPDATE rule_stamp SET stamp = stamp + 1; END;
CREATE TRIGGER rule_stamp_principal_delete AFTER DELETE ON principal
BEGIN UPDATE rule_stamp SET stamp = stamp + 1; END;
CREATE TRIGGER rule_stamp_principal_attribute_insert AFTER INSERT ON principal_attribute
BEGIN UPDATE rule_stamp SET stamp = stamp + 1; END;
CREATE TRIGGER rule_stamp_principal_attribute_update AFTER UPDATE ON principal_attribute
BEGIN UPDATE rule_stamp SET stamp = stamp + 1; END;
CREATE TRIGGER rule_stamp_principal_attribute_delete AFTER DELETE ON principal_attribute
BEGIN UPDATE rule_stamp SET stamp = stamp + 1; END;
CREATE TRIGGER study_voice_added AFTER INSERT ON study_voice BEGIN INSERT OR IGNORE INTO voice_name_key (form, key, study, voice) SELECT 0, value, new.id, new.voice
  FROM json_each('[' || replace(json_quote(new.k_00100010), '\\', '","') || ']') WHERE value <> '';
INSERT OR IGNORE INTO voice_name_key (form, key, study, voice) SELECT 1, value, new.id, new.voice
  FROM json_each('[' || replace(json_quote(new.s_00100010), '\\', '","') || ']') WHERE value <> ''; END;
CREATE TRIGGER study_voice_removed AFTER DELETE ON study_voice BEGIN
  DELETE FROM voice_name_key WHERE voice = old.voice;
END;
COMMIT;

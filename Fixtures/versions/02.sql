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
  CHECK (demand IN ('title', 'address', 'password', 'token', 'certificate')), allows_cleartext_passwords INTEGER NOT NULL DEFAULT 0) STRICT;
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
CREATE TABLE knock (
  calling TEXT NOT NULL, called TEXT NOT NULL, address TEXT NOT NULL, reason TEXT NOT NULL,
  count INTEGER NOT NULL, first REAL NOT NULL, last REAL NOT NULL,
  PRIMARY KEY (calling, called, address, reason)
) STRICT;
CREATE TABLE arrival (
  object TEXT PRIMARY KEY, sender TEXT NOT NULL, calling TEXT NOT NULL, arrived_at REAL NOT NULL
) STRICT;
CREATE TABLE node (one INTEGER PRIMARY KEY CHECK (one = 1), was_closed INTEGER NOT NULL) STRICT;
CREATE TABLE patient (
  id INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, issuer TEXT NOT NULL, sole_study TEXT NOT NULL,
  UNIQUE (patient_id, issuer, sole_study)
) STRICT;
CREATE TABLE study (
  id INTEGER PRIMARY KEY, patient INTEGER NOT NULL REFERENCES patient, v_00100010 TEXT NOT NULL, k_00100010 TEXT NOT NULL, v_00100020 TEXT NOT NULL, v_00100021 TEXT NOT NULL, v_00100030 TEXT NOT NULL, k_00100030 TEXT NOT NULL, v_00100032 TEXT NOT NULL, k_00100032 TEXT NOT NULL, v_00100040 TEXT NOT NULL, v_00102160 TEXT NOT NULL, v_00104000 TEXT NOT NULL, v_00102201 TEXT NOT NULL, v_00102292 TEXT NOT NULL, v_00102297 TEXT NOT NULL, k_00102297 TEXT NOT NULL, v_00101000 TEXT NOT NULL, v_00101001 TEXT NOT NULL, k_00101001 TEXT NOT NULL, v_0020000d TEXT NOT NULL, v_00080020 TEXT NOT NULL, k_00080020 TEXT NOT NULL, v_00080030 TEXT NOT NULL, k_00080030 TEXT NOT NULL, v_00080050 TEXT NOT NULL, v_00200010 TEXT NOT NULL, v_00080090 TEXT NOT NULL, k_00080090 TEXT NOT NULL, v_00081030 TEXT NOT NULL, v_00101010 TEXT NOT NULL, v_00101020 TEXT NOT NULL, v_00101030 TEXT NOT NULL, v_00102180 TEXT NOT NULL, v_001021b0 TEXT NOT NULL, v_00321032 TEXT NOT NULL, k_00321032 TEXT NOT NULL, v_00081048 TEXT NOT NULL, k_00081048 TEXT NOT NULL, v_00081060 TEXT NOT NULL, k_00081060 TEXT NOT NULL, v_00081080 TEXT NOT NULL,
  UNIQUE (v_0020000d, patient)
) STRICT;
CREATE TABLE series (
  id INTEGER PRIMARY KEY, study INTEGER NOT NULL REFERENCES study, v_0020000e TEXT NOT NULL, v_00080060 TEXT NOT NULL, v_00200011 TEXT NOT NULL, v_0008103e TEXT NOT NULL, v_00080021 TEXT NOT NULL, k_00080021 TEXT NOT NULL, v_00080031 TEXT NOT NULL, k_00080031 TEXT NOT NULL, v_00180015 TEXT NOT NULL, v_00181030 TEXT NOT NULL, v_00200060 TEXT NOT NULL, v_00080070 TEXT NOT NULL, v_00081090 TEXT NOT NULL, v_00081010 TEXT NOT NULL, v_00080080 TEXT NOT NULL, v_00081040 TEXT NOT NULL, v_00200052 TEXT NOT NULL, v_00400244 TEXT NOT NULL, k_00400244 TEXT NOT NULL, v_00400245 TEXT NOT NULL, k_00400245 TEXT NOT NULL, v_00400253 TEXT NOT NULL, v_00081050 TEXT NOT NULL, k_00081050 TEXT NOT NULL, v_00081070 TEXT NOT NULL, k_00081070 TEXT NOT NULL,
  UNIQUE (v_0020000e, study)
) STRICT;
CREATE TABLE instance (
  id INTEGER PRIMARY KEY, series INTEGER REFERENCES series, object TEXT NOT NULL UNIQUE,
  transfer_syntax TEXT NOT NULL, digest BLOB NOT NULL, size INTEGER NOT NULL,
  is_missing INTEGER NOT NULL DEFAULT 0, v_00080018 TEXT NOT NULL, v_00080016 TEXT NOT NULL, v_00200013 TEXT NOT NULL, v_00080023 TEXT NOT NULL, k_00080023 TEXT NOT NULL, v_00080033 TEXT NOT NULL, k_00080033 TEXT NOT NULL, v_00080022 TEXT NOT NULL, k_00080022 TEXT NOT NULL, v_0008002a TEXT NOT NULL, k_0008002a TEXT NOT NULL, v_00200012 TEXT NOT NULL, v_00280008 TEXT NOT NULL, v_00280010 TEXT NOT NULL, v_00280011 TEXT NOT NULL, v_00280100 TEXT NOT NULL, v_00080012 TEXT NOT NULL, k_00080012 TEXT NOT NULL, v_00080013 TEXT NOT NULL, k_00080013 TEXT NOT NULL, v_0040a491 TEXT NOT NULL, v_0040a493 TEXT NOT NULL, v_00420010 TEXT NOT NULL, v_00080008 TEXT NOT NULL
) STRICT;
CREATE TABLE "principal" (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('peer', 'group', 'user')),
  name TEXT NOT NULL UNIQUE
) STRICT;
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
INSERT INTO "grdb_migrations" ("identifier") VALUES ('1 first light');
INSERT INTO "grdb_migrations" ("identifier") VALUES ('2 users');
INSERT INTO "peer" ("principal", "ae_title", "port", "rights", "accepts_private", "demand", "allows_cleartext_passwords") VALUES (1, 'ALL', 11112, 7, 1, 'address', 0);
INSERT INTO "peer" ("principal", "ae_title", "port", "rights", "accepts_private", "demand", "allows_cleartext_passwords") VALUES (2, 'WARD', NULL, 6, 0, 'address', 1);
INSERT INTO "peer_address" ("principal", "network") VALUES (1, '127.0.0.1');
INSERT INTO "peer_address" ("principal", "network") VALUES (2, '127.0.0.0/8');
INSERT INTO "membership" ("member", "group") VALUES (2, 3);
INSERT INTO "access_grant" ("number", "principal", "grantee", "scope", "patient_id", "issuer", "study_uid", "until", "granted_by", "granted_at", "revoked_by", "revoked_at") VALUES (1, 1, 'ALL', 'everything', NULL, NULL, NULL, NULL, 'root', 1790000000.0, NULL, NULL);
INSERT INTO "access_grant" ("number", "principal", "grantee", "scope", "patient_id", "issuer", "study_uid", "until", "granted_by", "granted_at", "revoked_by", "revoked_at") VALUES (2, 3, 'clinic', 'patient', '4711', 'CITYHOSPITAL', NULL, 2000000000.0, 'root', 1790000000.0, NULL, NULL);
INSERT INTO "access_grant" ("number", "principal", "grantee", "scope", "patient_id", "issuer", "study_uid", "until", "granted_by", "granted_at", "revoked_by", "revoked_at") VALUES (3, 2, 'WARD', 'everything', NULL, NULL, NULL, NULL, 'root', 1790000000.0, 'root', 1790000001.0);
INSERT INTO "access_grant" ("number", "principal", "grantee", "scope", "patient_id", "issuer", "study_uid", "until", "granted_by", "granted_at", "revoked_by", "revoked_at") VALUES (4, 2, 'WARD', 'study', NULL, NULL, '2.25.1084618266578605348067271917457398350', 1790000060.0, 'root', 1790000000.0, NULL, NULL);
INSERT INTO "knock" ("calling", "called", "address", "reason", "count", "first", "last") VALUES ('WHO', 'COLLIMATOR', '10.0.0.9', 'unknown', 3, 1790000000.0, 1790000005.0);
INSERT INTO "arrival" ("object", "sender", "calling", "arrived_at") VALUES ('a1000000000000000000000000000000', 'ALL', 'ALL', 1790000000.0);
INSERT INTO "arrival" ("object", "sender", "calling", "arrived_at") VALUES ('a2000000000000000000000000000000', 'ALL', 'ALL', 1790000001.0);
INSERT INTO "arrival" ("object", "sender", "calling", "arrived_at") VALUES ('a3000000000000000000000000000000', 'ALL', 'ALL', 1790000002.0);
INSERT INTO "node" ("one", "was_closed") VALUES (1, 1);
INSERT INTO "patient" ("id", "patient_id", "issuer", "sole_study") VALUES (1, '4711', 'CITYHOSPITAL', '');
INSERT INTO "study" ("id", "patient", "v_00100010", "k_00100010", "v_00100020", "v_00100021", "v_00100030", "k_00100030", "v_00100032", "k_00100032", "v_00100040", "v_00102160", "v_00104000", "v_00102201", "v_00102292", "v_00102297", "k_00102297", "v_00101000", "v_00101001", "k_00101001", "v_0020000d", "v_00080020", "k_00080020", "v_00080030", "k_00080030", "v_00080050", "v_00200010", "v_00080090", "k_00080090", "v_00081030", "v_00101010", "v_00101020", "v_00101030", "v_00102180", "v_001021b0", "v_00321032", "k_00321032", "v_00081048", "k_00081048", "v_00081060", "k_00081060", "v_00081080") VALUES (1, 1, 'Maier^Jürgen', 'maier^jurgen', '4711', 'CITYHOSPITAL', '19610305', '19610305', '', '', 'M', '', '', '', '', '', '', '', '', '', '2.25.1084618266578605348067271917457398350', '20260211', '20260211', '101500', '101500000000', 'A0001', '1', 'Weber^Ruth', 'weber^ruth', 'CT study 1', '', '', '', '', '', '', '', '', '', '', '', '');
INSERT INTO "series" ("id", "study", "v_0020000e", "v_00080060", "v_00200011", "v_0008103e", "v_00080021", "k_00080021", "v_00080031", "k_00080031", "v_00180015", "v_00181030", "v_00200060", "v_00080070", "v_00081090", "v_00081010", "v_00080080", "v_00081040", "v_00200052", "v_00400244", "k_00400244", "v_00400245", "k_00400245", "v_00400253", "v_00081050", "k_00081050", "v_00081070", "k_00081070") VALUES (1, 1, '2.25.350113604795943982008433811230108273', 'CT', '1', '', '20260211', '20260211', '', '', '', '', '', '', '', '', 'Example Hospital', '', '', '', '', '', '', '', '', '', '', '');
INSERT INTO "series" ("id", "study", "v_0020000e", "v_00080060", "v_00200011", "v_0008103e", "v_00080021", "k_00080021", "v_00080031", "k_00080031", "v_00180015", "v_00181030", "v_00200060", "v_00080070", "v_00081090", "v_00081010", "v_00080080", "v_00081040", "v_00200052", "v_00400244", "k_00400244", "v_00400245", "k_00400245", "v_00400253", "v_00081050", "k_00081050", "v_00081070", "k_00081070") VALUES (2, 1, '2.25.342172169613072230965625725309680791', 'SR', '3', '', '20260213', '20260213', '', '', '', '', '', '', '', '', 'Example Hospital', '', '', '', '', '', '', '', '', '', '', '');
INSERT INTO "instance" ("id", "series", "object", "transfer_syntax", "digest", "size", "is_missing", "v_00080018", "v_00080016", "v_00200013", "v_00080023", "k_00080023", "v_00080033", "k_00080033", "v_00080022", "k_00080022", "v_0008002a", "k_0008002a", "v_00200012", "v_00280008", "v_00280010", "v_00280011", "v_00280100", "v_00080012", "k_00080012", "v_00080013", "k_00080013", "v_0040a491", "v_0040a493", "v_00420010", "v_00080008") VALUES (1, 1, 'a1000000000000000000000000000000', '1.2.840.10008.1.2.1', X'A30E300B7BFE2D3828B1BDE79DC1AA8242E9D5494B3475C3FDD9B7A5419CC1DA', 1472, 0, '2.25.1174167766496810552949642720044391016', '1.2.840.10008.5.1.4.1.1.2', '1', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '');
INSERT INTO "instance" ("id", "series", "object", "transfer_syntax", "digest", "size", "is_missing", "v_00080018", "v_00080016", "v_00200013", "v_00080023", "k_00080023", "v_00080033", "k_00080033", "v_00080022", "k_00080022", "v_0008002a", "k_0008002a", "v_00200012", "v_00280008", "v_00280010", "v_00280011", "v_00280100", "v_00080012", "k_00080012", "v_00080013", "k_00080013", "v_0040a491", "v_0040a493", "v_00420010", "v_00080008") VALUES (2, 1, 'a2000000000000000000000000000000', '1.2.840.10008.1.2.1', X'4E9963DD0FFBFBCA4109BCC1189FE99B552C24F0E6F827F0D643331FEF43C575', 1472, 0, '2.25.189685826745835417181426693450660124', '1.2.840.10008.5.1.4.1.1.2', '2', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '');
INSERT INTO "instance" ("id", "series", "object", "transfer_syntax", "digest", "size", "is_missing", "v_00080018", "v_00080016", "v_00200013", "v_00080023", "k_00080023", "v_00080033", "k_00080033", "v_00080022", "k_00080022", "v_0008002a", "k_0008002a", "v_00200012", "v_00280008", "v_00280010", "v_00280011", "v_00280100", "v_00080012", "k_00080012", "v_00080013", "k_00080013", "v_0040a491", "v_0040a493", "v_00420010", "v_00080008") VALUES (3, 2, 'a3000000000000000000000000000000', '1.2.840.10008.1.2.1', X'A6A781FBD791DBF5BAC62CDAA68403641ACF2581B6E6F3B35A91DF38C403D6DB', 1198, 0, '2.25.614702852074849241289730718194609419', '1.2.840.10008.5.1.4.1.1.88.22', '1', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '');
INSERT INTO "principal" ("id", "kind", "name") VALUES (1, 'peer', 'ALL');
INSERT INTO "principal" ("id", "kind", "name") VALUES (2, 'peer', 'WARD');
INSERT INTO "principal" ("id", "kind", "name") VALUES (3, 'group', 'clinic');
INSERT INTO "principal" ("id", "kind", "name") VALUES (4, 'user', 'ann');
INSERT INTO "user" ("principal", "created_by", "created_at", "locked_by", "locked_at", "salt", "hash", "rounds", "block_size", "parallelism", "failed_logins", "locked_until") VALUES (4, 'root', 1790000000.0, NULL, NULL, X'000102030405060708090A0B0C0D0E0F', X'A18CB562A67FE62CC8858B7D1830734E97DE328F1E2D5ADD64478837EE4E1F18', 16, 8, 1, 0, NULL);
INSERT INTO "user_certificate" ("fingerprint", "user", "subject", "not_after") VALUES (X'0707070707070707070707070707070707070707070707070707070707070707', 4, 'CN=ann', 2000000000.0);
INSERT INTO "token_issuer" ("issuer", "audience", "algorithms", "key", "user_claim") VALUES ('https://id.example', 'collimator', 'RS256', 'none', 'sub');
INSERT INTO "failed_login" ("network", "level", "last") VALUES ('10.0.0.9', 2.5, 1799999990.0);
DELETE FROM sqlite_sequence;
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('access_grant', 4);
INSERT INTO "sqlite_sequence" ("name", "seq") VALUES ('principal', 4);
CREATE INDEX peer_by_ae_title ON peer (ae_title);
CREATE INDEX access_grant_by_principal ON access_grant (principal, scope, patient_id, issuer, study_uid);
CREATE INDEX study_by_patient ON study (patient);
CREATE INDEX study_by_accession_number ON study (v_00080050);
CREATE INDEX study_by_date ON study (k_00080020);
CREATE INDEX series_by_study ON series (study);
CREATE INDEX instance_by_series ON instance (series);
CREATE INDEX instance_by_uid ON instance (v_00080018);
CREATE INDEX study_by_patient_name ON study (k_00100010);
CREATE INDEX study_by_patient_id ON study (v_00100020);
CREATE INDEX user_certificate_by_user ON user_certificate (user);
CREATE INDEX failed_login_by_time ON failed_login (last);
COMMIT;

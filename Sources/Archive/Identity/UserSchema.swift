// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The tables of users and of what they are known by: never rebuilt, always backed up. Times are seconds since 1970.
enum UserSchema {
  static func create(in database: Database) throws {
    try letUsersBePrincipals(in: database)
    try database.execute(
      sql: """
        ALTER TABLE peer ADD COLUMN demand TEXT NOT NULL DEFAULT 'address'
          CHECK (demand IN ('title', 'address', 'password', 'token', 'certificate'));
        ALTER TABLE peer ADD COLUMN allows_cleartext_passwords INTEGER NOT NULL DEFAULT 0;
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
        CREATE INDEX user_certificate_by_user ON user_certificate (user);
        CREATE TABLE token_issuer (
          issuer TEXT PRIMARY KEY, audience TEXT NOT NULL, algorithms TEXT NOT NULL, key TEXT NOT NULL,
          user_claim TEXT NOT NULL
        ) STRICT;
        CREATE TABLE failed_login (network TEXT PRIMARY KEY, level REAL NOT NULL, last REAL NOT NULL) STRICT;
        CREATE INDEX failed_login_by_time ON failed_login (last);
        """)
  }

  /// SQLite cannot change a CHECK, so the table is made anew (the migrator holds foreign keys off meanwhile, and checks them
  /// at the end). AUTOINCREMENT, because an association may still be open for a principal that was removed: its number must
  /// not become another one's.
  private static func letUsersBePrincipals(in database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE new_principal (
          id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('peer', 'group', 'user')),
          name TEXT NOT NULL UNIQUE
        ) STRICT;
        INSERT INTO new_principal SELECT id, kind, name FROM principal;
        DROP TABLE principal;
        ALTER TABLE new_principal RENAME TO principal;
        """)
  }
}

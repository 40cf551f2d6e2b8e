// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What this node owes others: reports of storage commitment, and objects to forward. None of it is rebuilt, all of it is
/// backed up. Times are seconds since 1970.
enum QueueSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("11 commitment and forwarding") { database in
      try database.execute(sql: "ALTER TABLE peer ADD COLUMN profile TEXT NOT NULL DEFAULT '{}'")
      try createRepeatedArrivals(database)
      try createCommitment(database)
      try createForwarding(database)
    }
  }

  /// `size`: bytes of `objects` and `results`.
  static func registerSizes(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("17 sizes of commitment requests") { database in
      try database.execute(
        sql: """
          ALTER TABLE commitment ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
          UPDATE commitment SET size = length(CAST(objects AS BLOB)) + coalesce(length(CAST(results AS BLOB)), 0);
          """)
    }
  }

  /// `conditions`: JSON; empty for none.
  static func registerConditions(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("18 conditions of forwarding rules") { database in
      try database.execute(sql: "ALTER TABLE forwarding_rule ADD COLUMN conditions TEXT NOT NULL DEFAULT ''")
    }
  }

  /// Who sent an object that was here already: it was told that the object is kept, and may ask for commitment.
  private static func createRepeatedArrivals(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE repeated_arrival (
          arrival INTEGER NOT NULL REFERENCES arrival ON DELETE CASCADE, sender TEXT NOT NULL, arrived_at REAL NOT NULL,
          PRIMARY KEY (arrival, sender)
        ) STRICT, WITHOUT ROWID;
        """)
  }

  /// `objects` and `results`: JSON. `address`: where the request came from.
  private static func createCommitment(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE commitment (
          number INTEGER PRIMARY KEY AUTOINCREMENT, peer INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
          principal INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE, sender TEXT NOT NULL,
          calling TEXT NOT NULL, address TEXT NOT NULL, transaction_uid TEXT NOT NULL, objects TEXT NOT NULL,
          results TEXT, requested_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_attempt REAL,
          last_failure TEXT, UNIQUE (peer, transaction_uid)
        ) STRICT;
        CREATE INDEX commitment_due ON commitment (next_attempt) WHERE next_attempt IS NOT NULL;
        CREATE INDEX commitment_by_principal ON commitment (principal);
        """)
  }

  /// `sender`: the peer that an object has to come from; `calling`: the AE title that it called with; each NULL for any.
  private static func createForwarding(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE forwarding_rule (
          number INTEGER PRIMARY KEY AUTOINCREMENT, destination INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
          sender INTEGER REFERENCES principal ON DELETE CASCADE, calling TEXT, modalities TEXT NOT NULL,
          added_by TEXT NOT NULL, added_at REAL NOT NULL
        ) STRICT;
        CREATE INDEX forwarding_rule_by_destination ON forwarding_rule (destination);
        CREATE INDEX forwarding_rule_by_sender ON forwarding_rule (sender);
        CREATE TABLE forwarding (
          number INTEGER PRIMARY KEY AUTOINCREMENT, destination INTEGER NOT NULL REFERENCES principal ON DELETE CASCADE,
          rule INTEGER NOT NULL, arrival INTEGER NOT NULL REFERENCES arrival ON DELETE CASCADE,
          sop_instance_uid TEXT NOT NULL, queued_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
          next_attempt REAL, last_failure TEXT, UNIQUE (destination, arrival)
        ) STRICT;
        CREATE INDEX forwarding_due ON forwarding (destination, next_attempt) WHERE next_attempt IS NOT NULL;
        CREATE INDEX forwarding_by_arrival ON forwarding (arrival);
        """)
  }
}

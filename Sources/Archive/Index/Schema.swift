// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The tables of `index.sqlite`, in numbered migrations; each is one transaction, so an interrupted one never was.
///
/// What a migration makes is frozen; the columns of indexed attributes are added by `IndexColumns` where they are missing.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 first light") { database in try FirstLightSchema.create(in: database) }
    migrator.registerMigration("2 users") { database in
      try UserSchema.create(in: database)
    }
    migrator.registerMigration("3 peers that have to use TLS") { database in
      try database.execute(sql: "ALTER TABLE peer ADD COLUMN requires_tls INTEGER NOT NULL DEFAULT 0")
    }
    migrator.registerMigration("4 versions and corrections") { database in
      try VersionsSchema.create(in: database)
    }
    OperationsSchema.register(in: &migrator)
    migrator.registerMigration("6 peers with odd titles") { database in
      try database.execute(sql: "ALTER TABLE peer ADD COLUMN has_odd_titles INTEGER NOT NULL DEFAULT 0")
    }
    GrantsSchema.register(in: &migrator)
    AuditSchema.register(in: &migrator)
    QuerySchema.register(in: &migrator)
    QueueSchema.register(in: &migrator)
    SampleDigestSchema.register(in: &migrator)
    RulesSchema.register(in: &migrator)
    SharingSchema.register(in: &migrator)
    VoicesSchema.register(in: &migrator)
    StartSchema.register(in: &migrator)
    QueueSchema.registerSizes(in: &migrator)
    QueueSchema.registerConditions(in: &migrator)
    QuerySchema.registerIndexes(in: &migrator)
    GrantStandingSchema.register(in: &migrator)
    KeepingSchema.register(in: &migrator)
    GroupPermissionSchema.register(in: &migrator)
    DeletionSchema.register(in: &migrator)
    return migrator
  }

  /// Those that `reindex` empties and fills again from the files, the arrivals, the corrections and the choices.
  static let indexTables = [
    "contradiction", "difference", "instance", "series_voice", "study_voice", "series", "study", "patient",
    "patient_name_key", "voice_name_key",
  ]
}

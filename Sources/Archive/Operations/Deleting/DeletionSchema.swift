// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Whatever refers to a row that is deleted is found by an index: SQLite looks for it each time, and went through every
/// series and every study of the archive for each study that went.
enum DeletionSchema {
  static let name = "23 deletions that look at no other rows"

  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration(name) { database in
      try database.execute(
        sql: """
          CREATE INDEX series_by_whole ON series (folded_into) WHERE folded_into IS NOT NULL;
          CREATE INDEX study_by_whole ON study (folded_into) WHERE folded_into IS NOT NULL;
          CREATE INDEX difference_by_instance ON difference (instance);
          CREATE INDEX tombstone_by_deletion ON tombstone (deletion);
          """)
    }
  }
}

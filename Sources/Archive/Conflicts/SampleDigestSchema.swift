// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Canonical digests are of decoded samples now. Those of before are found out anew when they are needed.
enum SampleDigestSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("12 digests of samples") { database in
      try database.execute(sql: "UPDATE instance SET canonical_digest = NULL WHERE canonical_digest IS NOT NULL")
    }
  }
}

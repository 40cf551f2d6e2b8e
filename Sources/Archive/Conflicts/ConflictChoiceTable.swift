// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// Which of several versions of an object an administrator chose to have served. A version is known by its digest, so that
/// a new index has the same choice.
enum ConflictChoiceTable {
  static func isChosen(_ digest: [UInt8], of uid: String, in database: Database) throws -> Bool {
    try chosen(of: uid, in: database) == digest
  }

  static func chosen(of uid: String, in database: Database) throws -> [UInt8]? {
    try Data.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT digest FROM conflict_choice WHERE sop_instance_uid = ? AND undone_at IS NULL
          ORDER BY number DESC LIMIT 1
          """), arguments: [uid]
    ).map { Array($0) }
  }
}

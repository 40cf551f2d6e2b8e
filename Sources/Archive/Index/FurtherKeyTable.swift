// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// The attributes that an index holds beside the Standard's, so that whoever opens it fills the same columns.
enum FurtherKeyTable {
  /// Those that are asked for, from now on; where nobody asks, those that stand.
  static func settled(_ wanted: [FurtherKey]?, in database: Database) throws -> [FurtherKey] {
    let standing = try Row.fetchAll(database, sql: "SELECT tag, level FROM further_key ORDER BY tag").compactMap {
      row in
      let level = QueryRetrieveLevel(rawValue: row[1])
      return level.flatMap { level in Tag(hex: row[0] as String).flatMap { FurtherKey($0, at: level) } }
    }
    guard let wanted, wanted != standing else { return standing }
    try database.execute(sql: "DELETE FROM further_key")
    for key in wanted {
      try database.execute(
        sql: "INSERT OR REPLACE INTO further_key (tag, level) VALUES (?, ?)",
        arguments: [key.tag.hex, key.level.rawValue])
    }
    return wanted
  }
}

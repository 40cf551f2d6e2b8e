// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// Whether one database is what became of another: its audit goes on where that of the other ended. Nothing else tells two
/// archives apart, or an index that was begun anew from the one that was lost.
enum AuditLineage {
  /// `head`: the last record of the other one. nil where it cannot be told: nothing was recorded in the other one yet, or
  /// the records up to there were pruned.
  static func continues(
    _ head: (number: Int64, hash: [UInt8]), in schema: String, _ database: Database
  ) throws -> Bool? {
    guard head.number > 0 else { return nil }
    let hash = try Data.fetchOne(
      database, sql: "SELECT hash FROM \(schema).audit WHERE number = ?", arguments: [head.number])
    if let hash { return Array(hash) == head.hash }
    let last = try Int64.fetchOne(database, sql: "SELECT MAX(number) FROM \(schema).audit") ?? 0
    return last > head.number ? nil : false
  }
}

// SPDX-License-Identifier: Apache-2.0

import GRDB

/// How far the chain had come at one moment. Kept outside the data directory, it proves later that nothing up to there was
/// changed, removed or cut off.
package struct AuditCheckpoint: Codable, Sendable, Hashable {
  /// The last record's number: so many were ever written.
  package let records: Int64
  /// The last record's hash, in hexadecimal digits.
  package let head: String
  /// When it was taken, in ISO 8601.
  package let at: String

  package init(records: Int64, head: String, at: String) {
    self.records = records
    self.head = head
    self.at = at
  }

  init(at time: Double, in database: Database) throws {
    let head = try AuditTable.head(in: database)
    self.init(records: head.number, head: Arrival.hex(head.hash), at: Moment.text(time))
  }
}

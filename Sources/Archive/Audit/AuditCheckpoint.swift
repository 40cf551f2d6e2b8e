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

  /// When the last record was written, and which was the oldest that was kept; checkpoints of earlier versions do not say so.
  package let recorded: String?
  package let first: Int64?

  package init(records: Int64, head: String, at: String, recorded: String? = nil, first: Int64? = nil) {
    self.records = records
    self.head = head
    self.at = at
    self.recorded = recorded
    self.first = first
  }

  init(at time: Double, in database: Database) throws {
    let head = try AuditTable.head(in: database)
    let recorded = try Double.fetchOne(database, sql: "SELECT at FROM audit WHERE number = ?", arguments: [head.number])
    self.init(
      records: head.number, head: Arrival.hex(head.hash), at: Moment.text(time), recorded: recorded.map(Moment.text),
      first: try Int64.fetchOne(database, sql: "SELECT MIN(number) FROM audit"))
  }
}

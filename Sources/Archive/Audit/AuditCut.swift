// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Where the beginning of the chain was cut off, as the record of it says: from there the chain is followed.
struct AuditCut {
  static let act = "audit pruned"

  let through: Int64
  /// Of the last record that was cut.
  let hash: [UInt8]

  /// The latest.
  static func last(in database: Database) throws -> AuditCut? {
    let detail = try Row.fetchOne(
      database, sql: "SELECT detail FROM audit WHERE act = '\(act)' ORDER BY number DESC LIMIT 1")
    return detail.flatMap { String.fromDatabaseValue($0[0]) }.flatMap(AuditCut.init)
  }

  private init?(_ detail: String) {
    let words = detail.split(separator: " ")
    guard words.count >= 4, words[0] == "through", words[2] == "hash", let number = Int64(words[1]) else { return nil }
    var bytes: [UInt8] = []
    var digits = words[3][...]
    while digits.count >= 2 {
      guard let byte = UInt8(digits.prefix(2), radix: 16) else { return nil }
      bytes.append(byte)
      digits = digits.dropFirst(2)
    }
    guard bytes.count == 32 else { return nil }
    through = number
    hash = bytes
  }

  /// Takes away the records before the first that is not older than `time`; what was cut is a record itself. Returns how many.
  static func cut(
    before time: Double, notBeyond most: Int64 = Int64.max, by actor: AuditActor, at now: Double, in database: Database
  ) throws -> Int {
    let head = try AuditTable.head(in: database)
    let first = try Int64.fetchOne(database, sql: "SELECT MIN(number) FROM audit WHERE at >= ?", arguments: [time])
    let through = try whole(through: min(first.map { $0 - 1 } ?? head.number, most), in: database)
    let last = try Row.fetchOne(database, sql: "SELECT hash FROM audit WHERE number = ?", arguments: [through])
    guard let hash = last.flatMap({ [UInt8].fromBlob($0[0]) }) else { return 0 }
    let count = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM audit WHERE number <= ?", arguments: [through])
    // Before the others go: the chain goes on from the last of them.
    try AuditTable.append(
      AuditEntry(
        at: now, .audit, act, by: actor, count: count,
        detail: "through \(through) hash \(Arrival.hex(hash)) before \(Moment.text(time))"), in: database)
    try database.execute(sql: "DELETE FROM audit_subject WHERE record <= ?", arguments: [through])
    try database.execute(sql: "DELETE FROM audit WHERE number <= ?", arguments: [through])
    return count ?? 0
  }
}

extension AuditCut {
  /// As far as no answer is cut in two: how it ended does not say again what it went on with.
  private static func whole(through most: Int64, in database: Database) throws -> Int64 {
    var through = most
    while let began = try Int64.fetchOne(
      database,
      sql: "SELECT MIN(began) FROM audit WHERE kind = 'query' AND began <= ?1 AND number > ?1", arguments: [through])
    { through = began - 1 }
    return through
  }
}

extension [UInt8] {
  fileprivate static func fromBlob(_ value: DatabaseValue) -> [UInt8]? {
    guard case .blob(let data) = value.storage else { return nil }
    return Array(data)
  }
}

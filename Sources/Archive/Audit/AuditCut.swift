// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Where the beginning of the chain was cut off, as the record of it says: from there the chain is followed.
struct AuditCut {
  static let act = "audit pruned"

  /// Of the record that says so.
  let number: Int64
  let at: Double
  let actor: String
  let count: Int?
  let through: Int64
  /// Of the last record that was cut.
  let hash: [UInt8]
  /// All that was cut is older; nil where the record does not say so.
  let before: Double?
  /// Whether it is recorded as what it is, and not only named so.
  let isInOrder: Bool

  /// The latest.
  static func last(in database: Database) throws -> AuditCut? {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT number, at, principal, count, detail, kind = 'audit' AND outcome = 'success' FROM audit
        WHERE act = '\(act)' ORDER BY number DESC LIMIT 1
        """)
    return row.flatMap(AuditCut.init)
  }

  private init?(_ row: Row) {
    let words = (String.fromDatabaseValue(row[4]) ?? "").split(separator: " ")
    guard words.count >= 4, words[0] == "through", words[2] == "hash", let through = Int64(words[1]), through > 0,
      let hash = [UInt8](hexadecimal: words[3]), hash.count == 32
    else { return nil }
    number = Int64.fromDatabaseValue(row[0]) ?? 0
    at = Double.fromDatabaseValue(row[1]) ?? 0
    actor = String.fromDatabaseValue(row[2]) ?? ""
    count = Int.fromDatabaseValue(row[3])
    isInOrder = Bool.fromDatabaseValue(row[5]) ?? false
    self.through = through
    self.hash = hash
    before = words.count == 6 && words[4] == "before" ? Moment.seconds(words[5]) : nil
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
  fileprivate init?(hexadecimal text: Substring) {
    self = []
    var digits = text
    while !digits.isEmpty {
      guard digits.count >= 2, let byte = UInt8(digits.prefix(2), radix: 16) else { return nil }
      append(byte)
      digits = digits.dropFirst(2)
    }
  }

  fileprivate static func fromBlob(_ value: DatabaseValue) -> [UInt8]? {
    guard case .blob(let data) = value.storage else { return nil }
    return Array(data)
  }
}

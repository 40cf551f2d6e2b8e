// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// What somebody shared rests on the grant by which they shared it: it is held, shortened and ended with that one.
extension GrantTable {
  /// All that rests on a grant, whoever shared it on.
  static func shares(of number: Int, in database: Database) throws -> [Int] {
    try Int.fetchAll(
      database.cachedStatement(
        sql: """
          WITH RECURSIVE resting (number) AS (
            SELECT number FROM access_grant WHERE shared_from = ?
            UNION SELECT other.number FROM resting JOIN access_grant AS other ON other.shared_from = resting.number
          ) SELECT number FROM resting ORDER BY number
          """), arguments: [number])
  }

  /// Throws, in words, where what was shared would hold longer than what it rests on.
  static func requireBasis(of grant: Grant, for change: Change, at time: Double, in database: Database) throws {
    if case .extend(let until) = change { try ConsentBasis.requireEnd(of: grant, until: until, at: time, in: database) }
    guard let share = grant.terms.basis.share, let basis = try self.grant(share.grant, at: time, in: database) else {
      return
    }
    switch change {
    case .revoke, .suspend: return
    case .approve, .resume:
      guard basis.state != .active else { return }
      throw ArchiveError("it rests on grant \(basis.number), which is \(basis.state.rawValue)")
    case .extend(let until):
      guard [.active, .suspended].contains(basis.state) else {
        throw ArchiveError("it rests on grant \(basis.number), which is \(basis.state.rawValue)")
      }
      let end = try SharingRight.end(of: grant, at: time, in: database)
      guard end < .infinity else { return }
      guard end > time else {
        throw ArchiveError("whoever shared it by grant \(basis.number) may not show it to others any more")
      }
      guard let until, until <= end else {
        throw ArchiveError(
          "it rests on grant \(basis.number) and cannot outlast what its sharer has by it: that ends \(Moment.text(end))"
        )
      }
    }
  }

  /// What rests on a grant that was changed, on record.
  static func follow(
    _ change: Change, of number: Int, by user: String, at time: Double, in database: Database
  ) throws {
    let reason = "with grant \(number)"
    let act: String
    let (update, condition): (String, String)
    switch change {
    case .approve: return
    case .revoke:
      try revoke(
        where: "shared_from = ?", [number], because: "it rested on grant \(number)", by: user, at: time, in: database)
      return
    case .suspend:
      act = "grants suspended"
      (update, condition) = ("state = 'suspended', suspended_with = :basis", "state = 'active'")
    case .resume:
      act = "grants resumed"
      // One that was suspended for itself stays so.
      (update, condition) = (
        "state = 'active', suspended_with = NULL", "state = 'suspended' AND suspended_with = :basis"
      )
    case .extend(let until):
      guard let until else { return }
      act = "grants shortened"
      (update, condition) = ("until = \(until)", "state <> 'revoked' AND coalesce(until, 1e18) > \(until)")
    }
    let sql = "UPDATE access_grant SET \(update) WHERE number = :share AND \(condition) RETURNING until"
    var changed: [Int] = []
    for share in try shares(of: number, in: database) {
      let named: [String: any DatabaseValueConvertible] = ["share": share, "basis": number]
      let row = try Row.fetchOne(
        database, sql: sql, arguments: StatementArguments(named.filter { sql.contains(":\($0.key)") }))
      guard let row else { continue }
      changed.append(share)
      try note(share, until: row[0], by: user, at: time, reason, in: database)
    }
    try record(act, changed, because: reason, by: .operator(user), at: time, in: database)
  }

  /// So many grants are one record.
  private static let mostInRecord = 128

  /// Into the chain: what was changed with something else, which of it and whose data it was about.
  static func record(
    _ act: String, _ numbers: [Int], because reason: String?, by actor: AuditActor, at time: Double,
    in database: Database
  ) throws {
    for start in stride(from: 0, to: numbers.count, by: mostInRecord) {
      let page = numbers[start..<min(start + mostInRecord, numbers.count)].sorted()
      let grants = try all(
        at: time, where: "number IN (SELECT value FROM json_each(?))", [IndexTables.json(page.map(Int64.init))],
        in: database)
      var subjects: [AuditSubject] = []
      for subject in grants.flatMap({ [AuditSubject]($0.scope) }) where !subjects.contains(subject) {
        subjects.append(subject)
      }
      let list = grants.map { "\($0.number) to '\($0.grantee)'" }.joined(separator: ", ")
      try AuditTable.append(
        AuditEntry(
          at: time, .change, act, by: actor, grants: page, count: page.count,
          detail: (reason.map { "\($0): " } ?? "") + "grants \(list)", subjects: subjects), in: database)
    }
  }
}

extension AuditActor {
  /// Of whom the name alone is known.
  static func `operator`(_ name: String) -> AuditActor { AuditActor(kind: .operator, principal: name) }
}

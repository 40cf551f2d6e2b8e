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
      guard let end = basis.until else { return }
      guard let until, until <= end else {
        throw ArchiveError("it rests on grant \(basis.number) and cannot outlast it: that one ends \(Moment.text(end))")
      }
    }
  }

  /// What rests on a grant that was changed.
  static func follow(
    _ change: Change, of number: Int, by user: String, at time: Double, in database: Database
  ) throws {
    switch change {
    case .approve: return
    case .revoke:
      try revoke(where: "shared_from = ?", [number], by: user, at: time, in: database)
    case .suspend:
      try followers(of: number, "state = 'suspended', suspended_with = :basis", where: "state = 'active'", in: database)
      {
        try note($0.number, "suspended", until: $0.until, by: user, at: time, "with grant \(number)", in: database)
      }
    case .resume:
      // One that was suspended for itself stays so.
      try followers(
        of: number, "state = 'active', suspended_with = NULL", where: "state = 'suspended' AND suspended_with = :basis",
        in: database
      ) {
        try note($0.number, "active", until: $0.until, by: user, at: time, "with grant \(number)", in: database)
      }
    case .extend(let until):
      guard let until else { return }
      try followers(
        of: number, "until = \(until)", where: "state <> 'revoked' AND coalesce(until, 1e18) > \(until)", in: database
      ) {
        try note($0.number, $0.state, until: until, by: user, at: time, "with grant \(number)", in: database)
      }
    }
  }

  private static func followers(
    of number: Int, _ update: String, where condition: String, in database: Database,
    tell: ((number: Int, state: String, until: Double?)) throws -> Void
  ) throws {
    let sql = "UPDATE access_grant SET \(update) WHERE number = :share AND \(condition) RETURNING state, until"
    for share in try shares(of: number, in: database) {
      let named: [String: any DatabaseValueConvertible] = ["share": share, "basis": number]
      let row = try Row.fetchOne(
        database, sql: sql, arguments: StatementArguments(named.filter { sql.contains(":\($0.key)") }))
      guard let row else { continue }
      try tell((number: share, state: row[0], until: row[1]))
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// How many wrong passwords came from where: a bucket of twenty that leaks one a minute. A user's lock stops those who guess
/// at one name; this stops those who try one password on many.
enum AddressTable {
  static let tolerated = 20.0
  /// Failures forgotten a second.
  static let leak = 1.0 / 60

  /// Asked before anything is hashed, and of the address alone: says nothing of any user.
  static func requirePatience(with address: String, at time: Double, in database: Database) throws {
    guard try level(of: address, at: time, in: database) + 1 > tolerated else { return }
    throw IdentityRefusal(
      .lockedOut, "too many wrong passwords came from \(address): one a minute is taken, until there are fewer")
  }

  /// Counts a failure of whatever kind. Each costs this one commit, so that an unknown name takes as long as a wrong
  /// password.
  static func tally(_ address: String, at time: Double, in database: Database) throws {
    let level = try level(of: address, at: time, in: database) + 1
    try database.execute(
      sql: """
        INSERT INTO failed_login (network, level, last) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET level = excluded.level, last = excluded.last
        """,
      arguments: [network(of: address), level, time])
    // No bucket is fuller than what a burst of them leaves; what has leaked out is worth no row.
    try database.execute(sql: "DELETE FROM failed_login WHERE last < ?", arguments: [time - 3 * tolerated / leak])
  }

  private static func level(of address: String, at time: Double, in database: Database) throws -> Double {
    let row = try Row.fetchOne(
      database, sql: "SELECT level, last FROM failed_login WHERE network = ?", arguments: [network(of: address)])
    return row.map { row in max(0, (row[0] as Double) - max(0, time - (row[1] as Double)) * leak) } ?? 0
  }

  private static func network(of address: String) -> String {
    Network(around: address)?.description ?? address
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Whose tokens are believed.
enum TokenIssuerTable {
  static func insert(_ issuer: TokenIssuer, in database: Database) throws {
    guard try self.issuer(issuer.issuer, in: database) == nil else {
      throw ArchiveError("'\(issuer.issuer)' is a token issuer already: remove it first to change it")
    }
    try database.execute(
      sql: "INSERT INTO token_issuer (issuer, audience, algorithms, key, user_claim) VALUES (?, ?, ?, ?, ?)",
      arguments: [
        issuer.issuer, issuer.audience, issuer.algorithms.map(\.rawValue).sorted().joined(separator: " "), issuer.key,
        issuer.userClaim,
      ])
  }

  static func remove(_ issuer: String, in database: Database) throws {
    try database.execute(sql: "DELETE FROM token_issuer WHERE issuer = ?", arguments: [issuer])
    guard database.changesCount == 1 else {
      throw ArchiveError("'\(issuer)' is no token issuer: see collimator issuer list")
    }
  }

  static func all(in database: Database) throws -> [TokenIssuer] {
    try Row.fetchAll(database, sql: "SELECT * FROM token_issuer ORDER BY issuer").map(Self.issuer)
  }

  static func issuer(_ name: String, in database: Database) throws -> TokenIssuer? {
    try Row.fetchOne(database, sql: "SELECT * FROM token_issuer WHERE issuer = ?", arguments: [name]).map(Self.issuer)
  }

  private static func issuer(_ row: Row) -> TokenIssuer {
    let algorithms = (row["algorithms"] as String).split(separator: " ").compactMap {
      TokenAlgorithm(rawValue: String($0))
    }
    return TokenIssuer(
      issuer: row["issuer"], audience: row["audience"], algorithms: Set(algorithms), key: row["key"],
      userClaim: row["user_claim"])
  }
}

// SPDX-License-Identifier: Apache-2.0

package import Access
import Foundation
import GRDB

/// A rule as it stands. Times are seconds since 1970.
package struct StandingRule: Sendable {
  package let rule: ReferralRule
  package let addedBy: String
  package let addedAt: Double
}

enum ReferralRuleTable {
  static func all(in database: Database) throws -> [StandingRule] {
    try Row.fetchAll(
      database, sql: "SELECT definition, added_by, added_at FROM referral_rule ORDER BY added_at, name"
    ).map { row in
      StandingRule(
        rule: try JSONDecoder().decode(ReferralRule.self, from: Data((row[0] as String).utf8)), addedBy: row[1],
        addedAt: row[2])
    }
  }

  static func insert(_ rule: ReferralRule, by user: String, at time: Double, in database: Database) throws {
    try requireSense(in: rule, database)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do {
      try database.execute(
        sql: "INSERT INTO referral_rule (name, definition, added_by, added_at) VALUES (?, ?, ?, ?)",
        arguments: [rule.name, String(decoding: try encoder.encode(rule), as: UTF8.self), user, time])
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
      throw ArchiveError("there is a rule '\(rule.name)' already: see collimator rule list")
    }
  }

  /// Throws, in words, what would give nothing or far too much.
  static func requireSense(in rule: ReferralRule, _ database: Database) throws {
    guard PrincipalTable.isName(rule.name) else {
      throw ArchiveError("a rule has a name of 1 to 64 bytes without control characters")
    }
    guard rule.seconds >= 60, rule.seconds <= 20 * 366 * 86_400 else {
      throw ArchiveError("what a rule gives ends after a minute at the earliest and 20 years at the latest")
    }
    guard !rule.rights.isEmpty else { throw ArchiveError("a grant without a right opens nothing") }
    guard rule.relationship.standing == .ordinary else {
      throw ArchiveError("a rule gives no emergency access and nobody's own: no veto would meet it as it should")
    }
    try requireSense(in: rule.conditions, scheme: rule.scheme, keys: rule.keys)
    switch rule.grantee {
    case .principal(let name):
      guard !rule.conditions.isEmpty else {
        throw ArchiveError("a rule without a condition would open every study: see collimator grant add --everything")
      }
      guard try PrincipalTable.id(of: name, in: database) != nil else {
        throw ArchiveError("there is no peer, user or group '\(name)': see collimator peer list, collimator user list")
      }
    case .whoever(let attribute, let key):
      guard key.isIdentifier || key.isPersonName else {
        throw ArchiveError("who is meant is told by an identification or a name, not by \(key.rawValue)")
      }
      guard PrincipalTable.isName(attribute) else { throw ArchiveError("'\(attribute)' is no name of an attribute") }
    }
  }

  /// `keys`: all that decide.
  static func requireSense(
    in conditions: [ReferralRule.Condition], scheme: String?, keys: Set<ReferralRule.Key>
  ) throws {
    guard scheme == nil || keys.contains(where: \.isIdentifier) else {
      throw ArchiveError("a scheme is that of a code: it says nothing without referring-id or requesting-id")
    }
    for condition in conditions {
      guard !condition.values.isEmpty, condition.values.allSatisfy({ !$0.trimmed.isEmpty && $0.utf8.count <= 1024 })
      else { throw ArchiveError("\(condition.key.rawValue) needs a value of at most 1024 bytes") }
      if condition.key.isIdentifier, let pattern = condition.values.first(where: { $0.contains { "*?".contains($0) } })
      {
        throw ArchiveError(
          "\(condition.key.rawValue) '\(pattern)': a code is compared as a whole, * and ? mean themselves")
      }
      if condition.key.isPersonName, condition.values.contains(where: { $0.allSatisfy { "*?^= ".contains($0) } }) {
        throw ArchiveError(
          "\(condition.key.rawValue) '\(condition.values.joined(separator: "', '"))' is everybody's name")
      }
    }
  }
}

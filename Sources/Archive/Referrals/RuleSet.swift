// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB
import Synchronization

/// The rules as they stand, made ready to be matched, with whom they may mean.
struct RuleSet: Sendable {
  struct Principal: Sendable, Hashable {
    let id: Int64
    let name: String
  }

  struct Match: Sendable, Hashable {
    let rule: ReferralRule
    let principal: Principal
  }

  private struct Prepared: Sendable {
    let rule: ReferralRule
    let matcher: ReferralMatcher
    let fixed: Principal?
    /// By what the attribute says.
    let attributed: [String: [Principal]]
  }

  private let rules: [Prepared]

  var isEmpty: Bool { rules.isEmpty }

  init(_ rules: [ReferralRule], in database: Database) throws {
    self.rules = try rules.map { rule in
      var fixed: Principal?
      var attributed: [String: [Principal]] = [:]
      switch rule.grantee {
      case .principal(let name):
        fixed = try PrincipalTable.id(of: name, in: database).map { Principal(id: $0, name: name) }
      case .whoever(let attribute, let key):
        for row in try Row.fetchAll(
          database,
          sql: """
            SELECT principal, principal.name, value FROM principal_attribute
            JOIN principal ON principal.id = principal WHERE principal_attribute.name = ? ORDER BY principal
            """, arguments: [attribute])
        {
          attributed[ReferralMatcher.form(row[2], key), default: []].append(Principal(id: row[0], name: row[1]))
        }
      }
      return Prepared(
        rule: rule, matcher: ReferralMatcher(rule.conditions, scheme: rule.scheme), fixed: fixed, attributed: attributed
      )
    }
  }

  /// In the order of the rules.
  func matches(_ referral: Referral) -> [Match] {
    rules.flatMap { prepared -> [Match] in
      let rule = prepared.rule
      guard prepared.matcher.matches(referral) else { return [] }
      if let fixed = prepared.fixed { return [Match(rule: rule, principal: fixed)] }
      guard case .whoever(_, let key) = rule.grantee else { return [] }
      var seen: Set<Principal> = []
      return ReferralMatcher.values(of: key, referral, scheme: rule.scheme).flatMap { prepared.attributed[$0] ?? [] }
        .filter { seen.insert($0).inserted }.map { Match(rule: rule, principal: $0) }
    }
  }
}

/// The rules as they stand in the database, read again only when something they depend on has changed.
final class StandingRules: Sendable {
  let now: @Sendable () -> Double
  private let known = Mutex<(stamp: Int, rules: RuleSet)?>(nil)

  init(now: @escaping @Sendable () -> Double) {
    self.now = now
  }

  func current(in database: Database) throws -> RuleSet {
    // Rules, names and attributes are counted by triggers, in the same transaction.
    let stamp = try Int.fetchOne(database.cachedStatement(sql: "SELECT stamp FROM rule_stamp")) ?? 0
    if let known = known.withLock({ $0 }), known.stamp == stamp { return known.rules }
    let rules = try RuleSet(ReferralRuleTable.all(in: database).map(\.rule), in: database)
    known.withLock { $0 = (stamp, rules) }
    return rules
  }
}

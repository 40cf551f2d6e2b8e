// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

extension Administration {
  package func addRule(_ rule: ReferralRule) async throws {
    let time = now()
    try await database.write { database in
      try ReferralRuleTable.insert(rule, by: user.name, at: time, in: database)
      try record("rule added", rule.words, in: database)
    }
  }

  package func rules() async throws -> [StandingRule] {
    try await database.read { try ReferralRuleTable.all(in: $0) }
  }

  /// What it gave stays, unless it is said that it be revoked; returns how many grants were.
  package func removeRule(_ name: String, revoking: Bool) async throws -> Int {
    let time = now()
    return try await database.write { database in
      let standing = try ReferralRuleTable.all(in: database).first { $0.rule.name == name }
      guard let standing else { throw ArchiveError("there is no rule '\(name)': see collimator rule list") }
      try database.execute(sql: "DELETE FROM referral_rule WHERE name = ?", arguments: [name])
      let revoked =
        try revoking
        ? GrantTable.revoke(
          where: "granted_by = ? AND origin >= ? AND origin < ?",
          ["rule \(name)", "rule \(name) study ", "rule \(name) study!"], because: "the rule was removed",
          by: user.name,
          at: time, in: database) : 0
      try record(
        "rule removed",
        "\(standing.rule.words); added by '\(standing.addedBy)' on \(Moment.text(standing.addedAt)); \(revoked) of its grants "
          + "revoked", in: database)
      return revoked
    }
  }

  /// What a rule would give for what is stored; nothing is changed.
  package func testRule(_ rule: ReferralRule) async throws -> [ReferredGrant] {
    let time = now()
    let given = try await database.read { database in
      try ReferralRuleTable.requireSense(in: rule, database)
      let rules = try RuleSet([rule], in: database)
      var given: Set<ReferredGrant> = []
      var listed: [ReferredGrant] = []
      var last: Int64 = 0
      while true {
        let page = try Self.page(after: last, in: database)
        guard let end = page.last?.series else { return Self.strongest(listed) }
        for (series, referral) in page {
          for grant in try ReferralGranting(at: time, in: database).give(rules, series: series, referral, keeps: false)
          where given.insert(grant).inserted { listed.append(grant) }
        }
        last = end
      }
    }
    try await view.record(
      "rule tested", "'\(rule.name)'", count: given.count,
      of: given.map { AuditSubject($0.scope, study: $0.studyInstanceUID) })
    return given
  }

  /// Of one study and grantee, an active one stands for a pending one.
  private static func strongest(_ grants: [ReferredGrant]) -> [ReferredGrant] {
    let active = Set(grants.filter { !$0.isPending }.map { [$0.studyInstanceUID, $0.grantee] })
    return grants.filter { !$0.isPending || !active.contains([$0.studyInstanceUID, $0.grantee]) }
  }

  /// Gives for what is stored what the rule would have given when it came; again, it gives nothing more. nil for all rules.
  package func backfillRules(_ name: String?) async throws -> [ReferredGrant] {
    let standing = try await rules().map(\.rule).filter { name == nil || $0.name == name }
    guard name == nil || !standing.isEmpty else {
      throw ArchiveError("there is no rule '\(name ?? "")': see collimator rule list")
    }
    let time = now()
    var given: [ReferredGrant] = []
    var last: Int64 = 0
    while true {
      // A transaction for each page: what arrives meanwhile does not wait for all of it.
      let after = last
      let (end, found) = try await database.write { database -> (Int64?, [ReferredGrant]) in
        let names = Set(standing.map(\.name))
        let current = try ReferralRuleTable.all(in: database).map(\.rule).filter { names.contains($0.name) }
        let rules = try RuleSet(current, in: database)
        let page = try Self.page(after: after, in: database)
        let found = try page.flatMap { series, referral in
          try ReferralGranting(at: time, in: database).give(rules, series: series, referral)
        }
        return (page.last?.series, found)
      }
      given += found
      guard let end else { break }
      last = end
    }
    let grants = given
    try await database.write { database in
      let names = standing.map { "'\($0.name)'" }.joined(separator: ", ")
      try record("rules backfilled", "\(names): \(grants.count) grants given or approved", in: database)
    }
    return given
  }

  private static func page(after last: Int64, in database: Database) throws -> [(series: Int64, Referral)] {
    try Row.fetchAll(
      database.cachedStatement(
        sql: "SELECT id, referral FROM series WHERE id > ? ORDER BY id LIMIT 512"), arguments: [last]
    ).map { ($0[0], Referral(json: $0[1])) }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB
import Synchronization
import Testing

@testable import Archive

@Suite struct RuleCostTests {
  /// However many there are, rules are read once, and again when they changed: for each new series it is only asked whether they did.
  @Test func rulesAreReadOnceAndNotForEachSeries() async throws {
    let folder = TestArchive()
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    _ = try await archive.makeCaller("WEBER")
    let rules = (0..<20).map { number in
      ReferralRule(
        name: "r\(number)",
        conditions: [
          ReferralRule.Condition(.referringName, ["DOCTOR\(number)^*"]), ReferralRule.Condition(.modality, ["MR"]),
        ], grantee: .principal(name: "WEBER"), seconds: 86_400)
    }
    for rule in rules.dropLast() { try await administration.addRule(rule) }
    let standing = StandingRules { 0 }
    let first = try await Self.statements(of: standing, in: archive)
    #expect(first.count > 1)
    for _ in 0..<3 {
      #expect(try await Self.statements(of: standing, in: archive) == ["SELECT stamp FROM rule_stamp"])
    }
    for rule in rules.suffix(1) { try await administration.addRule(rule) }
    #expect(try await Self.statements(of: standing, in: archive).count > first.count)
    try await archive.close()
  }

  /// Of hundreds of rules none matches, or the one that should: once read they are compared in memory.
  @Test func hundredsOfRulesAreComparedInMemory() async throws {
    let archive = try TestArchive().open()
    _ = try await archive.makeCaller("WEBER")
    let rules = (0..<300).map { number in
      ReferralRule(
        name: "r\(number)",
        conditions: [
          ReferralRule.Condition(.referringName, ["DOCTOR\(number)^*"]), ReferralRule.Condition(.modality, ["MR"]),
        ], grantee: .principal(name: "WEBER"), seconds: 86_400)
    }
    var referral = Referral()
    referral.referringNames = Referral.names(["Lang^Otto"])
    referral.referringIDs = [Referral.Identification(code: "12345", scheme: "")]
    referral.modality = "MR"
    let compiled = try await archive.database.read { try RuleSet(rules, in: $0) }
    #expect(compiled.matches(referral).isEmpty)
    referral.referringNames = Referral.names(["Doctor299^Otto"])
    #expect(compiled.matches(referral).map(\.rule.name) == ["r299"])
    try await archive.close()
  }

  /// What is asked of SQLite for the rules of one series.
  private static func statements(of standing: StandingRules, in archive: Archive) async throws -> [String] {
    let asked = Mutex<[String]>([])
    try await archive.database.write { database in
      database.trace { event in
        if case .statement(let statement) = event { asked.withLock { $0.append(statement.sql) } }
      }
      defer { database.trace(options: []) }
      _ = try standing.current(in: database)
    }
    return asked.withLock { $0 }
  }
}

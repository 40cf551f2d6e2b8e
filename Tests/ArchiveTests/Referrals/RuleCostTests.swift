// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB
import Testing

@testable import Archive

@Suite struct RuleCostTests {
  /// 300 rules of which none matches, and 300 that mean whoever has an attribute among 2,000: far below what storing costs,
  /// even as it is built for tests. Compared with no rules by the same program on the same machine.
  @Test func hundredsOfRulesCostLittle() async throws {
    let folder = TestArchive()
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    _ = try await archive.makeCaller("WEBER")
    let rules = (0..<300).map { number in
      ReferralRule(
        name: "r\(number)",
        conditions: [
          ReferralRule.Condition(.referringName, ["DOCTOR\(number)^*"]), ReferralRule.Condition(.modality, ["MR"]),
        ], grantee: .principal(name: "WEBER"), seconds: 86_400)
    }
    let (compiled, referral) = try await archive.database.read { database in
      var referral = Referral()
      referral.referringNames = Referral.names(["Lang^Otto"])
      referral.referringIDs = [Referral.Identification(code: "12345", scheme: "")]
      referral.modality = "MR"
      return (try RuleSet(rules, in: database), referral)
    }
    let clock = ContinuousClock()
    let rounds = 200
    let spent = clock.measure { for _ in 0..<rounds { #expect(compiled.matches(referral).isEmpty) } }
    let perSeries = spent / rounds
    print("300 rules: \(perSeries) for each new series")
    #expect(perSeries < .milliseconds(20))
    for rule in rules.prefix(3) { try await administration.addRule(rule) }
    // Compiled once, not for each series.
    let standing = StandingRules { 0 }
    let stamps = try await archive.database.write { database in
      _ = try standing.current(in: database)
      return clock.measure { for _ in 0..<100 { _ = try? standing.current(in: database) } }
    }
    #expect(stamps < .milliseconds(500))
    try await archive.close()
  }
}

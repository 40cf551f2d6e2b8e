// SPDX-License-Identifier: Apache-2.0

import Access
import Testing

@testable import Archive

/// Random rules over random objects, against an evaluation that knows no SQL, no cache and no order.
@Suite struct RuleOracleTests {
  private struct Given: Hashable {
    let rule: String
    let grantee: String
    let study: String
    let isActive: Bool
  }

  private static let names = ["WEBER^ANNA", "Weber^Anne", "LANG^OTTO", ""]
  private static let ids = ["1", "2", "3", ""]

  private static func objects(_ random: inout SeededGenerator) -> [ReferredObject] {
    (0..<30).map { number in
      let study = number / 3
      let pick = { (values: [String], random: inout SeededGenerator) in values.randomElement(using: &random) ?? "" }
      return ReferredObject(
        study: "1.\(study)", series: "1.\(study).\(number)", instance: "1.\(study).\(number).1", patientID: "P\(study)",
        referring: pick(names, &random), referringID: pick(ids, &random), scheme: pick(["A", "B"], &random),
        requesting: pick(names, &random), requestingID: pick(ids, &random),
        institution: pick(["City", "Country", ""], &random), modality: pick(["CT", "MR"], &random),
        responsible: pick(names, &random), calling: pick(["M1", "M2"], &random))
    }
  }

  private static func rule(_ number: Int, _ random: inout SeededGenerator) -> ReferralRule {
    var conditions: [ReferralRule.Condition] = []
    for key in ReferralRule.Key.allCases.shuffled(using: &random).prefix(Int.random(in: 1...2, using: &random)) {
      let values =
        switch key {
        case .referringID, .requestingID: ["1", "2", "4"]
        case .institution: ["City", "CO*", "?ity"]
        case .calling: ["M1", "M3"]
        case .modality: ["CT", "M?"]
        default: ["WEBER^ANN?", "lang*", "LANG^OTTO"]
        }
      conditions.append(
        ReferralRule.Condition(
          key, Array(values.shuffled(using: &random).prefix(Int.random(in: 1...2, using: &random)))))
    }
    let isFixed = Bool.random(using: &random)
    let hasCode = !isFixed || conditions.contains { $0.key.isIdentifier }
    let scheme = hasCode && Bool.random(using: &random) ? "A" : nil
    let grantee: ReferralRule.Grantee =
      isFixed
      ? .principal(name: "U\(Int.random(in: 0..<3, using: &random))")
      : .whoever(attribute: "registration", key: Bool.random(using: &random) ? .referringID : .requestingID)
    return ReferralRule(name: "r\(number)", conditions: conditions, scheme: scheme, grantee: grantee, seconds: 86_400)
  }

  // The naive evaluation.
  private static func says(_ key: ReferralRule.Key, _ object: ReferredObject, _ scheme: String?) -> String {
    switch key {
    case .referringName: object.referring
    case .referringID: scheme == nil || scheme == object.scheme ? object.referringID : ""
    case .requestingName: object.requesting
    case .requestingID: scheme == nil || scheme == object.scheme ? object.requestingID : ""
    case .institution: object.institution
    case .calling: object.calling
    case .modality: object.modality
    case .responsible: object.responsible
    }
  }

  private static func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == "*" {
      return matches(pattern.dropFirst(), text) || !text.isEmpty && matches(pattern, text.dropFirst())
    }
    guard let letter = text.first, first == "?" || first == letter else { return false }
    return matches(pattern.dropFirst(), text.dropFirst())
  }

  private static func expected(_ rules: [ReferralRule], _ objects: [ReferredObject]) -> Set<Given> {
    var given: Set<Given> = []
    for object in objects {
      for rule in rules {
        let holds = rule.conditions.allSatisfy { condition in
          let said = says(condition.key, object, rule.scheme)
          guard !said.isEmpty else { return false }
          let folds = ![.calling, .modality, .referringID, .requestingID].contains(condition.key)
          let text = folds ? said.lowercased() : said
          return condition.values.contains { matches(Array(folds ? $0.lowercased() : $0)[...], Array(text)[...]) }
        }
        guard holds else { continue }
        var grantees: [String] = []
        var keys = rule.conditions.map(\.key)
        switch rule.grantee {
        case .principal(let name): grantees = [name]
        case .whoever(_, let key):
          keys.append(key)
          let said = says(key, object, rule.scheme)
          grantees = (0..<3).filter { "\($0 + 1)" == said }.map { "U\($0)" }
        }
        let isNamed = keys.contains { [.referringName, .requestingName, .responsible].contains($0) }
        let isActive =
          keys.contains(.referringID) || keys.contains(.requestingID) || keys.contains(.calling) && !isNamed
        for grantee in grantees {
          given.insert(Given(rule: rule.name, grantee: grantee, study: object.study, isActive: isActive))
        }
      }
    }
    return given
  }

  private static func given(_ grants: [Grant]) -> [Given] {
    grants.compactMap { grant in
      guard case .study(let uid) = grant.scope else { return nil }
      return Given(
        rule: String(grant.grantedBy.dropFirst(5)), grantee: grant.grantee, study: uid, isActive: grant.state == .active
      )
    }
  }

  @Test(arguments: 0..<40)
  func agree(seed: Int) async throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let folder = TestArchive()
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    for number in 0..<3 {
      try await administration.addUser("U\(number)", password: nil, certificate: nil)
      try await administration.setAttribute("registration", "\(number + 1)", of: "U\(number)")
    }
    let (objects, rules) = (Self.objects(&random), (0..<12).map { Self.rule($0, &random) })
    // Some rules are there before some objects, and the rest is made up for.
    for (index, object) in objects.enumerated() {
      if index == 10 { for rule in rules.prefix(8) { try await administration.addRule(rule) } }
      try await object.store(in: archive)
    }
    let before = Self.given(try await administration.grants())
    #expect(Set(before) == Self.expected(Array(rules.prefix(8)), Array(objects.dropFirst(10))))
    for rule in rules.dropFirst(8) { try await administration.addRule(rule) }
    var promised: [Given] = []
    for rule in rules {
      promised += try await administration.testRule(rule).map {
        Given(rule: $0.rule, grantee: $0.grantee, study: $0.studyInstanceUID, isActive: !$0.isPending)
      }
    }
    _ = try await administration.backfillRules(nil)
    let all = Self.given(try await administration.grants())
    let expected = Self.expected(rules, objects)
    #expect(Set(all) == expected && all.count == expected.count)
    #expect(Set(promised) == expected.subtracting(before))
    try await archive.close()
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access

/// Whether what an object says of who asked for it fulfils conditions: all of them.
struct ReferralMatcher: Sendable {
  private struct Prepared: Sendable {
    let key: ReferralRule.Key
    let exact: Set<String>
    let patterns: [WildcardPattern]
  }

  private let conditions: [Prepared]
  private let scheme: String?

  /// `scheme`: Coding Scheme Designator of the identifiers; nil for any.
  init(_ conditions: [ReferralRule.Condition], scheme: String?) {
    self.conditions = conditions.map(Self.prepared)
    self.scheme = scheme
  }

  func matches(_ referral: Referral) -> Bool {
    conditions.allSatisfy { condition in
      let values = Self.values(of: condition.key, referral, scheme: scheme)
      if values.contains(where: condition.exact.contains) { return true }
      return condition.patterns.contains { $0.matches(anyOf: values.map { $0[...] }) }
    }
  }

  /// As values are compared.
  static func form(_ value: String, _ key: ReferralRule.Key) -> String {
    key.isPersonName || key == .institution ? Referral.text(value) : MatchingForm.storable(value.trimmed)
  }

  /// What is not said matches nothing, not even `*`.
  static func values(of key: ReferralRule.Key, _ referral: Referral, scheme: String?) -> [String] {
    let values =
      switch key {
      case .referringName: referral.referringNames
      case .requestingName: referral.requestingNames
      case .responsible: referral.responsible
      case .referringID: codes(referral.referringIDs, scheme)
      case .requestingID: codes(referral.requestingIDs, scheme)
      case .institution: [referral.institution]
      case .calling: [referral.calling]
      case .modality: [referral.modality]
      }
    return values.filter { !$0.isEmpty }
  }

  private static func prepared(_ condition: ReferralRule.Condition) -> Prepared {
    let values = condition.values.map { form($0, condition.key) }
    let isPattern = { (value: String) in !condition.key.isIdentifier && value.contains { $0 == "*" || $0 == "?" } }
    return Prepared(
      key: condition.key, exact: Set(values.filter { !isPattern($0) }),
      patterns: values.filter(isPattern).map(WildcardPattern.init))
  }

  private static func codes(_ identifications: [Referral.Identification], _ scheme: String?) -> [String] {
    identifications.filter { scheme == nil || $0.scheme == scheme }.map(\.code)
  }
}

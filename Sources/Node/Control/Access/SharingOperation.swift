// SPDX-License-Identifier: Apache-2.0

import Access

/// What an administrator asks and says about grants that others than an administrator bring about: rules, codes, emergencies.
package enum SharingOperation: Codable, Sendable {
  /// `dryRun`: tells what the rule would give for what is stored, and adds nothing.
  case addRule(RuleDraft, dryRun: Bool)
  case listRules
  case removeRule(name: String, revoking: Bool)
  case testRule(name: String)
  /// nil for all.
  case backfillRules(name: String?)
  case openCode(CodeDraft)
  case listCodes
  case redeemCode(String, as: String)
  case openEmergency(to: String, GrantDraft.Scope, reason: String, seconds: Double)
  /// nil tells what is set.
  case emergencyLaw(overridesVetoes: Bool?)
}

package enum SharingResult: Codable, Sendable {
  case done(String)
  case rules([RuleListing])
  case referred([ReferredListing])
  case code(CodeListing)
  case codes([CodeListing])
  case grant(GrantListing)
  case emergencyLaw(overridesVetoes: Bool)
}

package struct RuleDraft: Codable, Sendable {
  package let name: String
  /// By the word of the key, such as referring-id.
  package let conditions: [String: [String]]
  package let scheme: String?
  package let to: String?
  /// KEY=ATTRIBUTE, such as referring-id=registration.
  package let whoever: String?
  package let opensPatient: Bool
  /// Rights and bundles; empty for query and retrieve.
  package let may: [String]
  package let why: String?
  package let seconds: Double

  package init(
    name: String, conditions: [String: [String]], scheme: String?, to: String?, whoever: String?, opensPatient: Bool,
    may: [String], why: String?, seconds: Double
  ) {
    self.name = name
    self.conditions = conditions
    self.scheme = scheme
    self.to = to
    self.whoever = whoever
    self.opensPatient = opensPatient
    self.may = may
    self.why = why
    self.seconds = seconds
  }
}

package struct CodeDraft: Codable, Sendable {
  package let scope: GrantDraft.Scope
  package let may: [String]
  package let seconds: Double
  package let validity: Double
  package let sharer: String?

  package init(scope: GrantDraft.Scope, may: [String], seconds: Double, validity: Double, sharer: String?) {
    self.scope = scope
    self.may = may
    self.seconds = seconds
    self.validity = validity
    self.sharer = sharer
  }
}

package struct RuleListing: Codable, Sendable {
  package let name: String
  package let when: String
  package let to: String
  package let opens: String
  package let may: [String]
  package let why: String
  package let days: Double
  /// Active at once, or pending.
  package let gives: String
  package let addedBy: String
  package let added: String
}

package struct ReferredListing: Codable, Sendable {
  package let rule: String
  package let to: String
  package let studyInstanceUID: String
  package let what: String
  package let state: String
}

package struct CodeListing: Codable, Sendable {
  package let number: Int
  /// Only where it was just made.
  package let code: String?
  package let what: String
  package let openedBy: String
  package let opened: String
  package let until: String
  package let redeemed: String?
  package let grant: Int?
  /// Of one that was just made: what whoever made it is to know; nil where there is nothing.
  package let remarks: [String]?
}

extension ReferralRule {
  /// Throws what is none of the keys, in words.
  static func conditions(_ values: [String: [String]]) throws(OperationError) -> [Condition] {
    var conditions: [Condition] = []
    for (word, values) in values.sorted(by: { $0.key < $1.key }) {
      let key = try Key(word: word)
      var written: [String] = []
      for value in values { written.append(key == .modality ? try Modality.value(value, mayBePattern: true) : value) }
      conditions.append(Condition(key, written))
    }
    return conditions
  }

  /// Throws what is wrong with a draft, in words.
  init(_ draft: RuleDraft) throws(OperationError) {
    let conditions = try Self.conditions(draft.conditions)
    let grantee: Grantee
    switch (draft.to, draft.whoever) {
    case (let name?, nil): grantee = .principal(name: name)
    case (nil, let text?):
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw OperationError("--to-whoever takes a key and an attribute, such as referring-id=registration")
      }
      grantee = .whoever(attribute: parts[1], key: try Key(word: parts[0]))
    default: throw OperationError("say to whom: exactly one of --to and --to-whoever")
    }
    guard let rights = GrantRights(names: draft.may.isEmpty ? ["query", "retrieve"] : draft.may) else {
      throw OperationError("--may takes query, retrieve, send, add, share, or the name of a bundle")
    }
    let isOwner = draft.conditions.keys.contains(Key.responsible.rawValue)
    guard let why = draft.why.map(Relationship.init(rawValue:)) ?? (isOwner ? .guardian : .referring) else {
      throw OperationError("--why takes one of \(Relationship.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard why != .emergency, why != .self else {
      throw OperationError("a rule gives no emergency access and nobody's own: no veto would meet it as it should")
    }
    self.init(
      name: draft.name, conditions: conditions, scheme: draft.scheme, grantee: grantee,
      opensPatient: draft.opensPatient, rights: rights, relationship: why, seconds: draft.seconds)
  }
}

extension ReferralRule.Key {
  fileprivate init(word: String) throws(OperationError) {
    guard let key = Self(rawValue: word) else {
      throw OperationError("'\(word)' is none of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self = key
  }
}

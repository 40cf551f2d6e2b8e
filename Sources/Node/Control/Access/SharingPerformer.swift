// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import Logging

/// Performs what is asked about rules, codes and emergencies.
struct SharingPerformer: Sendable {
  private let administration: Administration
  private let user: Operator

  init(archive: Archive, user: Operator) {
    self.user = user
    administration = archive.administration(as: user)
  }

  func perform(_ operation: SharingOperation) async throws -> SharingResult {
    switch operation {
    case .addRule, .listRules, .removeRule, .testRule, .backfillRules: try await rules(operation)
    case .openCode, .listCodes, .redeemCode: try await codes(operation)
    case .openEmergency, .emergencyLaw: try await emergency(operation)
    }
  }

  private func rules(_ operation: SharingOperation) async throws -> SharingResult {
    switch operation {
    case .addRule(let draft, let dryRun):
      let rule = try ReferralRule(draft)
      if dryRun { return .referred(try await administration.testRule(rule).map(ReferredListing.init)) }
      try await administration.addRule(rule)
      let how = rule.identifies ? "active at once" : "pending until they are approved"
      return .done(
        "rule '\(rule.name)' holds from now on; its grants are \(how). For what is stored: "
          + "collimator rule backfill '\(rule.name)'")
    case .removeRule(let name, let revoking):
      let count = try await administration.removeRule(name, revoking: revoking)
      return .done(
        "rule '\(name)' gives nothing more" + (revoking ? "; \(count) grants ended." : "; what it gave stays."))
    case .testRule(let name):
      guard let rule = try await administration.rules().first(where: { $0.rule.name == name })?.rule else {
        throw OperationError("there is no rule '\(name)': see collimator rule list")
      }
      return .referred(try await administration.testRule(rule).map(ReferredListing.init))
    case .backfillRules(let name):
      return .referred(try await administration.backfillRules(name).map(ReferredListing.init))
    default: return .rules(try await administration.rules().map(RuleListing.init))
    }
  }

  private func codes(_ operation: SharingOperation) async throws -> SharingResult {
    switch operation {
    case .openCode(let draft):
      guard let rights = GrantRights(names: draft.may.isEmpty ? ["query", "retrieve"] : draft.may) else {
        throw OperationError("--may takes query, retrieve, send, add, share, or the name of a bundle")
      }
      let opened = try await administration.openCode(
        CodeTerms(
          scope: GrantScope(draft.scope), rights: rights, seconds: draft.seconds, validity: draft.validity),
        sharer: draft.sharer)
      guard let code = try await administration.codes().first(where: { $0.number == opened.number }) else {
        throw OperationError("the code was not kept")
      }
      return .code(
        CodeListing(code, text: opened.code.text, remarks: try await administration.remarks(on: code.scope)))
    case .redeemCode(let text, let name):
      let grant = try await administration.redeem(text, as: name)
      return .grant(GrantListing(grant, remarks: try await administration.remarks(on: grant.scope)))
    default: return .codes(try await administration.listCodes().map { CodeListing($0, text: nil) })
    }
  }

  private static func words(on reach: EmergencyReach) -> String {
    guard reach.forbidden == 0 else { return "; a veto stands, \(reach.opened) of \(reach.objects) objects are open" }
    return ""
  }

  private func emergency(_ operation: SharingOperation) async throws -> SharingResult {
    switch operation {
    case .openEmergency(let name, let scope, let reason, let seconds):
      let grant = try await administration.openEmergency(
        to: name, GrantScope(scope), reason: reason, seconds: seconds)
      let reach = try await administration.reach(ofEmergency: grant)
      // Loud, and without a word about the patient.
      Logger(label: "collimator.emergency").critical(
        "EMERGENCY ACCESS was opened to '\(name)' by '\(user.name)': grant \(grant.number)\(Self.words(on: reach))")
      let remarks = [reach.warning].compactMap(\.self) + (try await administration.remarks(on: grant.scope))
      return .grant(GrantListing(grant, remarks: remarks, reach: reach))
    case .emergencyLaw(let overrides?):
      try await administration.setEmergencyOverridesVetoes(overrides)
      Logger(label: "collimator.emergency").warning(
        "'\(user.name)' set that emergency access \(overrides ? "outranks" : "does not outrank") patients' vetoes")
      return .emergencyLaw(overridesVetoes: overrides)
    default: return .emergencyLaw(overridesVetoes: try await administration.emergencyOverridesVetoes())
    }
  }
}

extension RuleListing {
  fileprivate init(_ standing: StandingRule) {
    let rule = standing.rule
    let to =
      switch rule.grantee {
      case .principal(let name): name
      case .whoever(let attribute, let key): "whoever's \(attribute) is the \(key.rawValue)"
      }
    let conditions = rule.conditions.map { "\($0.key.rawValue)=\($0.values.joined(separator: "|"))" }
    self.init(
      name: rule.name, when: (conditions + (rule.scheme.map { ["scheme=\($0)"] } ?? [])).joined(separator: " "), to: to,
      opens: rule.opensPatient ? "patient" : "study", may: rule.rights.names, why: rule.relationship.rawValue,
      days: rule.seconds / 86_400, gives: rule.identifies ? "active" : "pending", addedBy: standing.addedBy,
      added: Moment.text(standing.addedAt))
  }
}

extension ReferredListing {
  fileprivate init(_ grant: ReferredGrant) {
    self.init(
      rule: grant.rule, to: grant.grantee, studyInstanceUID: grant.studyInstanceUID, what: grant.scope.description,
      state: grant.isPending ? "pending" : "active")
  }
}

extension CodeListing {
  fileprivate init(_ code: OpenedCode, text: String?, remarks: [String] = []) {
    self.init(
      number: code.number, code: text, what: code.scope.description, openedBy: code.openedBy,
      opened: Moment.text(code.openedAt), until: Moment.text(code.until),
      redeemed: code.redeemedAt.map { "\(Moment.text($0)) by \(code.redeemedBy ?? "?")" }, grant: code.grant,
      remarks: remarks.isEmpty ? nil : remarks)
  }
}

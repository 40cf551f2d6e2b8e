// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DICOMData
import Foundation
import ServiceClasses

/// Performs what an administrator asks and says about who may see what.
struct AccessPerformer: Sendable {
  private let archive: Archive
  private let user: Operator
  private let aeTitle: String
  private let administration: Administration

  /// `aeTitle`: of the node that would answer.
  init(archive: Archive, user: Operator, aeTitle: String) {
    self.archive = archive
    self.user = user
    self.aeTitle = aeTitle
    administration = archive.administration(as: user)
  }

  func perform(_ operation: AccessOperation) async throws -> AccessResult {
    switch operation {
    case .changeGrant, .extendGrant, .importGrants: try await grants(operation)
    case .setRoles, .setAttribute, .linkPatient, .unlinkPatient, .setGroupKind, .addMember, .removeMember:
      try await principals(operation)
    case .recordConsent, .listConsents, .withdrawConsent: try await consents(operation)
    case .explain, .query, .access, .listAside, .admitAside: try await tell(operation)
    }
  }

  private func grants(_ operation: AccessOperation) async throws -> AccessResult {
    switch operation {
    case .changeGrant(let number, let change, let reason):
      switch change {
      case "approve":
        let grant = try await administration.approveGrant(number, reason: reason)
        return .remarked("grant \(number) is active.", try await administration.remarks(onLinkOf: grant))
      case "suspend":
        _ = try await administration.suspendGrant(number, reason: reason)
        return .done("grant \(number) is suspended: see collimator grant resume.")
      case "resume":
        _ = try await administration.resumeGrant(number, reason: reason)
        return .done("grant \(number) is active again.")
      default:
        try await administration.revokeGrant(number, reason: reason)
        return .done("grant \(number) is revoked.")
      }
    case .extendGrant(let number, let until, let reason):
      let grant = try await administration.extendGrant(number, until: until, reason: reason)
      let state =
        switch grant.state {
        case .suspended: " It is suspended still, and opens nothing: see collimator grant resume."
        case .pending: " It is pending still, and opens nothing: see collimator grant approve."
        default: ""
        }
      return .done("grant \(number) ends \(until.map(Moment.text) ?? "never").\(state)")
    case .importGrants(let drafts, let dryRun):
      let time = Date().timeIntervalSince1970
      let rows = try drafts.enumerated().map { index, draft in
        do {
          let terms = try GrantTerms(draft, at: time)
          let isReckoned = draft.until == nil && terms.until != nil
          return ImportedRow(
            draft.to, terms, pending: draft.isPending, hasReckonedEnd: isReckoned, sharer: draft.sharer)
        } catch let error as OperationError {
          throw OperationError("row \(index + 1): \(error.description)")
        }
      }
      let imported = try await administration.importGrants(rows, dryRun: dryRun)
      var listings: [GrantListing] = []
      for (grant, asked) in imported.given {
        listings.append(GrantListing(grant, remarks: try await administration.remarks(on: grant, asked: asked)))
      }
      return .imported(listings, known: imported.known, held: imported.held.map(Self.words(held:)))
    default: throw OperationError("this is no operation on grants")
    }
  }

  /// Of a grant beside which an import gave none.
  private static func words(held grant: Grant) -> String {
    let isPending = grant.state == .pending
    return "grant \(grant.number) to '\(grant.grantee)' is \(grant.state.rawValue): see collimator grant "
      + "\(isPending ? "approve" : "resume") \(grant.number)"
  }

  private func principals(_ operation: AccessOperation) async throws -> AccessResult {
    switch operation {
    case .setRoles(let names, let user):
      let roles = try names.map { name in
        guard let role = Role(rawValue: name) else {
          throw OperationError("a role is one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return role
      }
      try await administration.setRoles(Set(roles), ofUser: user)
      return .done("'\(user)': \(roles.isEmpty ? "no role" : names.joined(separator: ", ")).")
    case .setAttribute(let name, let value, let principal):
      try await administration.setAttribute(name, value, of: principal)
      return .done(value.isEmpty ? "'\(principal)' has no \(name)." : "'\(principal)': \(name) is '\(value)'.")
    case .linkPatient(let draft): return try await link(draft)
    case .unlinkPatient(let user, let id, let issuer):
      let count = try await administration.unlink(user: user, fromPatient: id, issuer: issuer)
      return .done("'\(user)' has nothing to do with \(id) any more; \(count) grants ended.")
    case .setGroupKind(let name, let word):
      let kind = try word.map { word in
        guard let kind = GroupKind(rawValue: word) else {
          throw OperationError("a group is one of \(GroupKind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return kind
      }
      try await administration.setGroup(name, kind: kind)
      return .done("group '\(name)'" + (word.map { ", a \($0)." } ?? "."))
    case .addMember(let member, let group, let since, let until):
      try await administration.addMember(member, toGroup: group, since: since, until: until)
      let span = [since.map { " from \(Moment.text($0))" }, until.map { " until \(Moment.text($0))" }]
      return .done("'\(member)' belongs to '\(group)'\(span.compactMap(\.self).joined()).")
    case .removeMember(let member, let group):
      try await administration.removeMember(member, fromGroup: group)
      return .done("'\(member)' belongs to '\(group)' no longer.")
    default: throw OperationError("this is no operation on peers, users and groups")
    }
  }

  private func link(_ draft: PatientLinkDraft) async throws -> AccessResult {
    guard let relationship = Relationship(rawValue: draft.relationship), relationship.needsVerification else {
      throw OperationError("--as takes self, child, parent or guardian")
    }
    let added = try await administration.link(
      user: draft.user, toPatient: draft.id, issuer: draft.issuer, as: relationship, endsAtAge: draft.endsAtAge,
      birthDate: draft.birthDate)
    let grant = added.grant
    let remarks =
      added.ended.map { "grant \($0) has ended: it was of the former link, in whose place this one is" }
      + (try await administration.remarks(onLinkOf: grant)) + (try await administration.remarks(on: grant.scope))
    let end = grant.until.map { ", until \(Moment.text($0))" } ?? ""
    return .linked(
      GrantListing(grant, remarks: remarks),
      sentence: "grant \(grant.number) is pending: \(grant.scope) for '\(draft.user)' (\(relationship.rawValue))\(end)"
        + ". Once it is verified: collimator grant approve \(grant.number)")
  }

  private func consents(_ operation: AccessOperation) async throws -> AccessResult {
    switch operation {
    case .recordConsent(let message):
      guard let kind = Consent.Kind(rawValue: message.kind) else {
        throw OperationError("a consent is one of \(Consent.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      let number = try await administration.record(
        ConsentDraft(
          kind: kind, scope: GrantScope(message.scope), narrowing: GrantNarrowing(message.narrowing),
          party: message.party, holdsInEmergency: message.holdsInEmergency, from: message.from, until: message.until,
          reference: message.reference))
      let rest = kind == .veto ? "" : " Grants may rest on it: collimator grant add … --consent \(number)"
      return .remarked(
        "consent \(number) is recorded: a \(kind.rawValue).\(rest)",
        try await administration.remarks(on: GrantScope(message.scope)))
    case .listConsents:
      let consents = try await administration.listConsents()
      let merged = try await administration.mergedAway(consents)
      return .consents(consents.map { ConsentListing($0, mergedInto: merged[$0.number]) })
    case .withdrawConsent(let number):
      let count = try await administration.withdrawConsent(number)
      return .done("consent \(number) is withdrawn; \(count) grants that rested on it ended.")
    default: throw OperationError("this is no operation on consents")
    }
  }

  private func tell(_ operation: AccessOperation) async throws -> AccessResult {
    switch operation {
    case .explain(let name, let target):
      let caller = try await caller(name)
      let explained =
        switch target {
        case .study(let uid): try await administration.explain(caller, study: uid)
        case .patient(let id, let issuer): try await administration.explain(caller, patient: id, issuer: issuer)
        }
      return .explained(ExplainedListing(explained))
    case .query(let name, let patientRoot, let identifier, let negotiated, let limit):
      let caller = try await caller(name)
      let answers = try await QueryPreview(archive: archive, as: user, aeTitle: aeTitle).answers(
        to: caller, model: patientRoot ? .patientRoot : .studyRoot, identifier: identifier,
        negotiated: QueryNegotiation(negotiated), limit: limit)
      let remark = try await administration.remark(on: caller)
      return .answers(PreviewListing(answers, remarks: [remark].compactMap(\.self)))
    case .access(let patient, let issuer, let moment):
      return .access(
        PatientAccessListing(try await administration.access(toPatient: patient, issuer: issuer, at: moment)))
    case .listAside:
      return .aside(
        try await administration.studiesAside().map {
          AsideListing(
            studyInstanceUID: $0.studyInstanceUID, patient: $0.patient, sender: $0.sender, instances: $0.instances)
        })
    case .admitAside(let study, let sender):
      let count = try await administration.admit(study: study, from: sender)
      return .done("\(count) objects of '\(sender)' are part of \(study).")
    default: throw OperationError("this is no question")
    }
  }

  private func caller(_ name: CallerName) async throws -> Caller {
    try await administration.caller(
      named: name.name, through: name.through,
      assurance: try name.assurance.map { try IdentityAssurance(word: $0, of: "--known-by") })
  }
}

extension ConsentListing {
  fileprivate init(_ consent: Consent) { self.init(consent, mergedInto: nil) }

  fileprivate init(_ consent: Consent, mergedInto: PatientIdentity?) {
    self.init(
      number: consent.number, kind: consent.kind.rawValue,
      what: [consent.scope.description, consent.narrowing.description].filter { !$0.isEmpty }.joined(separator: ": "),
      party: consent.party, holdsInEmergency: consent.holdsInEmergency, from: consent.from.map(Moment.text),
      until: consent.until.map(Moment.text), reference: consent.reference, recordedBy: consent.recordedBy,
      recorded: Moment.text(consent.recordedAt),
      withdrawn: consent.withdrawnAt.map { "\(Moment.text($0)) by \(consent.withdrawnBy ?? "?")" },
      mergedInto: mergedInto?.description)
  }
}

extension ExplainedListing {
  fileprivate init(_ explanation: Explanation) {
    self.init(
      through: explanation.caller.peerName, knownBy: explanation.caller.identity.assurance.description,
      merged: explanation.merged.map(\.description), studies: explanation.studies.map(ExplanationListing.init),
      studiesInAll: explanation.studiesInAll)
  }
}

extension PatientAccessListing {
  fileprivate init(_ access: PatientAccess) {
    self.init(
      patient: access.patient.description, merged: access.merged?.description,
      entries: access.entries.map { entry in
        AccessListing(
          patient: access.patient.description, who: entry.principal, group: entry.group,
          grant: GrantListing(entry.grant),
          opened: entry.opened.map { opened in
            Dictionary(opened.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { first, _ in first })
          }, vetoes: entry.vetoes)
      }, objects: access.objects, absence: access.absence, kept: access.kept)
  }
}

extension ExplanationListing {
  fileprivate init(_ explanation: StudyExplanation) {
    self.init(
      studyInstanceUID: explanation.studyInstanceUID, patient: explanation.patient.description,
      studyDate: explanation.studyDate, instances: explanation.instances,
      seen: Dictionary(
        explanation.seen.map { ($0.right, $0.instances) }, uniquingKeysWith: { first, _ in first }),
      grants: explanation.grants.map {
        Judgement(
          grant: GrantListing($0.grant), group: $0.group, reasons: $0.reasons, objects: $0.objects, right: $0.right)
      }, vetoes: explanation.vetoes.map(ConsentListing.init), obstacles: explanation.obstacles,
      remarks: explanation.moved.isEmpty ? nil : explanation.moved.map(\.description))
  }
}

extension QueryNegotiation {
  fileprivate init(_ options: NegotiatedOptions) {
    self.init()
    isRelational = options.isRelational
    combinesDateAndTime = options.combinesDateAndTime
    matchesNamesBySound = options.matchesNamesBySound
    adjustsTimezones = options.adjustsTimezones
    matchesEmptyValues = options.matchesEmptyValues
    matchesMultipleValues = options.matchesMultipleValues
  }
}

extension PreviewListing {
  fileprivate init(_ answers: QueryPreview.Answers, remarks: [String]) {
    self.init(
      identifiers: answers.identifiers,
      unsupportedKeys: answers.unsupportedKeys.map { DataDictionary.entry(for: $0)?.keyword ?? $0.description },
      isCut: answers.isCut, failure: answers.failure.map { "\($0.status): \($0.comment)" }, remarks: remarks)
  }
}

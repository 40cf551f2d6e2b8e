// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DICOMData
import Foundation

/// A grant as a person asks for it. Times are seconds since 1970.
package struct GrantDraft: Codable, Sendable {
  package enum Scope: Codable, Sendable {
    case everything
    case patient(id: String, issuer: String?)
    case study(uid: String)
    case series(uid: String)
  }

  package struct Narrowing: Codable, Sendable {
    package var modalities: [String] = []
    /// images, reports, documents, waveforms, radiotherapy, measurements; empty for all.
    package var types: [String] = []
    /// CODE^SCHEME.
    package var titles: [String] = []
    /// YYYYMMDD.
    package var earliest: String?
    package var latest: String?

    package init() {}
  }

  package let to: String
  package let scope: Scope
  package let until: Double?
  package var template: String?
  package var narrowing = Narrowing()
  /// Rights and bundles; empty for the template's, or for the customary ones.
  package var may: [String] = []
  package var from: Double?
  package var isCeiling = false
  package var why: String?
  package var purposeOfUse: String?
  package var consent: Int?
  package var reference: String?
  /// One of title, address, password, token, certificate.
  package var least: String?
  package var isPending: Bool?
  /// Who opens it, by a grant with the right to share; nil for the administrator.
  package var sharer: String?

  package init(to: String, scope: Scope, until: Double?) {
    self.to = to
    self.scope = scope
    self.until = until
  }
}

extension GrantTerms {
  /// Throws what is wrong with a draft, in words.
  init(_ draft: GrantDraft, at time: Double) throws(OperationError) {
    var terms = GrantTerms(GrantScope(draft.scope))
    if let name = draft.template {
      guard let template = GrantTemplate.named(name) else {
        let known = GrantTemplate.all.map(\.name).joined(separator: ", ")
        throw OperationError("there is no template '\(name)'; there are \(known)")
      }
      terms = template.terms(GrantScope(draft.scope), at: draft.from ?? time)
    }
    let narrowing = try GrantNarrowing(draft.narrowing, over: terms.narrowing)
    // What is said is over what the template says.
    terms.narrowing = narrowing
    if !draft.may.isEmpty {
      let names = draft.may.filter { $0 != "reports-only" }
      guard let rights = GrantRights(names: names) else {
        let bundles = GrantRights.bundles.map(\.name).joined(separator: ", ")
        throw OperationError("--may takes query, retrieve, send, add, share, reports-only, or one of \(bundles)")
      }
      if !rights.isEmpty { terms.rights = rights }
      if names.count < draft.may.count { terms.narrowing.recordTypes = .reports }
    }
    if let why = draft.why {
      guard let relationship = Relationship(rawValue: why) else {
        throw OperationError("--why takes one of \(Relationship.given.map(\.rawValue).joined(separator: ", "))")
      }
      terms.relationship = relationship
    }
    if let least = draft.least { terms.leastAssurance = try IdentityAssurance(word: least, of: "--least") }
    terms.from = draft.from
    terms.until = draft.until ?? terms.until
    terms.effect = draft.isCeiling ? .limits : .opens
    terms.basis.purposeOfUse = draft.purposeOfUse ?? terms.basis.purposeOfUse
    terms.basis.consent = draft.consent
    terms.basis.reference = draft.reference
    self = terms
  }
}

extension Relationship {
  /// What a person may say; an emergency has a command of its own.
  fileprivate static var given: [Relationship] { allCases.filter { $0 != .emergency } }
}

extension GrantNarrowing {
  /// Throws what is wrong with what is said, in words.
  init(_ draft: GrantDraft.Narrowing, over template: GrantNarrowing = GrantNarrowing()) throws(OperationError) {
    var types = template.recordTypes
    if !draft.types.isEmpty {
      guard let named = RecordTypes(names: draft.types) else {
        throw OperationError("--type takes one of \(RecordTypes.named.map(\.name).joined(separator: ", "))")
      }
      types = named
    }
    var titles: Set<DocumentTitle> = []
    for text in draft.titles {
      guard let title = DocumentTitle(text) else {
        throw OperationError("'\(text)' is no title such as 18748-4^LN (code value and coding scheme designator)")
      }
      titles.insert(title)
    }
    var modalities: Set<String> = []
    for text in draft.modalities { modalities.insert(try Modality.value(text)) }
    for date in [draft.earliest, draft.latest].compactMap(\.self) where DICOMDate(date)?.day == nil || date.count != 8 {
      throw OperationError("'\(date)' is no Study Date: a day such as 2026-01-31 or 20260131")
    }
    self.init(
      modalities: modalities, recordTypes: types, titles: titles, earliest: draft.earliest, latest: draft.latest)
  }
}

extension GrantScope {
  init(_ scope: GrantDraft.Scope) {
    self =
      switch scope {
      case .everything: .everything
      case .patient(let id, let issuer): .patient(id: id, issuer: issuer)
      case .study(let uid): .study(uid: uid)
      case .series(let uid): .series(uid: uid)
      }
  }
}

/// A grant as an administrator sees it.
package struct GrantListing: Codable, Sendable {
  package let number: Int
  package let to: String
  package let what: String
  package let may: [String]
  /// Of a ceiling: what is seen through the peer at most.
  package let isCeiling: Bool
  package let from: String?
  package let until: String?
  package let state: String
  package let why: String?
  package let purposeOfUse: String?
  package let consent: Int?
  package let reference: String?
  package let least: String?
  package let origin: String?
  /// The number of the grant by which it was shared, and with which it ends.
  package let sharedFrom: Int?
  package let grantedBy: String
  package let granted: String
  package let verifiedBy: String?
  package let verified: String?
  package let revokedBy: String?
  /// Of one that was just given: what whoever gave it is to know, in sentences; nil in lists, and where there is nothing.
  package let remarks: [String]?
  /// Of emergency access that was just given: of how many objects how many it opens.
  package let objects: Int?
  package let opened: Int?

  init(_ grant: Grant) { self.init(grant, remarks: []) }

  init(_ grant: Grant, remarks: [String], reach: EmergencyReach? = nil) {
    self.remarks = remarks.isEmpty ? nil : remarks
    objects = reach?.objects
    opened = reach?.opened
    let terms = grant.terms
    number = grant.number
    to = grant.grantee
    what = [terms.scope.description, terms.narrowing.description].filter { !$0.isEmpty }.joined(separator: ": ")
    may = terms.rights.names
    isCeiling = terms.effect == .limits
    from = terms.from.map(Moment.text)
    until = terms.until.map(Moment.text)
    state = grant.state.rawValue
    why = terms.relationship?.rawValue
    purposeOfUse = terms.basis.purposeOfUse
    consent = terms.basis.consent
    reference = terms.basis.reference
    least = terms.leastAssurance == .aeTitleAlone ? nil : terms.leastAssurance.rawValue
    origin = terms.origin
    sharedFrom = terms.basis.share?.grant
    grantedBy = grant.grantedBy
    granted = Moment.text(grant.grantedAt)
    verifiedBy = grant.verifiedBy
    verified = grant.verifiedAt.map(Moment.text)
    revokedBy = grant.revokedBy
  }
}

/// A template as an administrator sees it.
package struct GrantTemplateListing: Codable, Sendable {
  package let name: String
  package let words: String
  package let why: String
  package let may: [String]
  package let types: [String]
  package let days: Int?
  package let purposeOfUse: String

  package static var all: [GrantTemplateListing] {
    GrantTemplate.all.map { template in
      GrantTemplateListing(
        name: template.name, words: template.words, why: template.relationship.rawValue, may: template.rights.names,
        types: template.recordTypes?.names ?? [], days: template.seconds.map { Int($0 / 86_400) },
        purposeOfUse: template.purposeOfUse)
    }
  }
}

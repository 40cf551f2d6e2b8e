// SPDX-License-Identifier: Apache-2.0

/// What an administrator asks and says about who may see what. Times are seconds since 1970.
package enum AccessOperation: Codable, Sendable {
  /// `change`: approve, suspend, resume or revoke.
  case changeGrant(number: Int, change: String, reason: String?)
  /// nil: without an end.
  case extendGrant(number: Int, until: Double?, reason: String?)
  case importGrants([GrantDraft], dryRun: Bool)
  case setRoles([String], user: String)
  /// Of a peer, user or group; an empty value takes it away.
  case setAttribute(name: String, value: String, of: String)
  case linkPatient(PatientLinkDraft)
  case unlinkPatient(user: String, id: String, issuer: String?)
  case setGroupKind(name: String, kind: String?)
  case addMember(String, group: String, since: Double?, until: Double?)
  case removeMember(String, group: String)
  case recordConsent(ConsentMessage)
  case listConsents
  case withdrawConsent(number: Int)
  case explain(CallerName, ExplainedTarget)
  /// The identifier as a C-FIND-RQ has it, in Explicit VR Little Endian.
  case query(CallerName, patientRoot: Bool, identifier: [UInt8], negotiated: NegotiatedOptions, limit: Int)
  case access(patient: String, issuer: String?, at: Double?)
  case listAside
  case admitAside(study: String, sender: String)
}

package enum AccessResult: Codable, Sendable {
  case done(String)
  /// And what whoever did it is to know.
  case remarked(String, [String])
  /// The pending grant of a link, with what whoever linked is to know.
  case linked(GrantListing, sentence: String)
  /// `known`: rows that grants which stand give already.
  /// `held`: sentences, of each row for which a grant of the same terms waits or is suspended.
  case imported([GrantListing], known: Int, held: [String])
  case consents([ConsentListing])
  case explained(ExplainedListing)
  case answers(PreviewListing)
  case access(PatientAccessListing)
  case aside([AsideListing])
}

/// Who would call: a peer, or a user through one.
package struct CallerName: Codable, Sendable {
  package let name: String
  package let through: String?
  /// One of title, address, password, token, certificate.
  package let assurance: String?

  package init(name: String, through: String?, assurance: String?) {
    self.name = name
    self.through = through
    self.assurance = assurance
  }
}

/// What would be agreed with whoever asks (PS3.4 C.5.1.1).
package struct NegotiatedOptions: Codable, Sendable {
  package var isRelational = false
  package var combinesDateAndTime = false
  package var matchesNamesBySound = false
  package var adjustsTimezones = false
  package var matchesEmptyValues = false
  package var matchesMultipleValues = false

  package init() {}
}

/// What somebody would be told by a query.
package struct PreviewListing: Codable, Sendable {
  /// Of the answers, in Explicit VR Little Endian.
  package let identifiers: [[UInt8]]
  /// Keywords, or tags: each answer would have status FF01 for these.
  package let unsupportedKeys: [String]
  /// Whether there are more answers than were asked for.
  package let isCut: Bool
  /// The status with which it would end, and its Error Comment; nil for success.
  package let failure: String?
  /// Sentences: that nobody can call so as it is.
  package let remarks: [String]
}

package enum ExplainedTarget: Codable, Sendable {
  case study(uid: String)
  case patient(id: String, issuer: String?)
}

package struct PatientLinkDraft: Codable, Sendable {
  package let user: String
  package let id: String
  package let issuer: String?
  package let relationship: String
  package let endsAtAge: Int?
  package let birthDate: String?

  package init(
    user: String, id: String, issuer: String?, relationship: String, endsAtAge: Int?, birthDate: String?
  ) {
    self.user = user
    self.id = id
    self.issuer = issuer
    self.relationship = relationship
    self.endsAtAge = endsAtAge
    self.birthDate = birthDate
  }
}

package struct ConsentMessage: Codable, Sendable {
  package let kind: String
  package let scope: GrantDraft.Scope
  package let narrowing: GrantDraft.Narrowing
  package let party: String?
  package let holdsInEmergency: Bool
  package let from: Double?
  package let until: Double?
  package let reference: String?

  package init(
    kind: String, scope: GrantDraft.Scope, narrowing: GrantDraft.Narrowing, party: String?, holdsInEmergency: Bool,
    from: Double?, until: Double?, reference: String?
  ) {
    self.kind = kind
    self.scope = scope
    self.narrowing = narrowing
    self.party = party
    self.holdsInEmergency = holdsInEmergency
    self.from = from
    self.until = until
    self.reference = reference
  }
}

package struct ConsentListing: Codable, Sendable {
  package let number: Int
  package let kind: String
  package let what: String
  package let party: String?
  package let holdsInEmergency: Bool
  package let from: String?
  package let until: String?
  package let reference: String?
  package let recordedBy: String
  package let recorded: String
  package let withdrawn: String?
  /// The patient into whom its own was merged: it reaches nothing; nil where that is not so, or not asked.
  package let mergedInto: String?
}

/// How somebody would call, and why they see each study or not.
package struct ExplainedListing: Codable, Sendable {
  package let through: String
  /// In words.
  package let knownBy: String
  /// Sentences: into whom the patient was merged who was asked for.
  package let merged: [String]
  package let studies: [ExplanationListing]
  package let studiesInAll: Int
}

package struct ExplanationListing: Codable, Sendable {
  package struct Judgement: Codable, Sendable {
    package let grant: GrantListing
    package let group: String?
    /// Empty for one that opens it, if nothing else is in the way.
    package let reasons: [String]
    /// How many it alone opens, with all that is in the way.
    package let objects: Int
    /// To do what with them; nil where the caller can do nothing by it.
    package let right: String?
  }

  package let studyInstanceUID: String
  package let patient: String
  package let studyDate: String
  package let instances: Int
  /// By right: how many of them.
  package let seen: [String: Int]
  package let grants: [Judgement]
  package let vetoes: [ConsentListing]
  package let obstacles: [String]
  /// Sentences: whose it was when it came; nil where it was always this patient's.
  package let remarks: [String]?
}

/// Who can see something of a patient.
package struct PatientAccessListing: Codable, Sendable {
  /// Of whom it is: of another than was asked for where that one was merged away.
  package let patient: String
  /// A sentence: into whom they were merged who was asked for; nil for nobody.
  package let merged: String?
  package let entries: [AccessListing]
  /// Of the patient; nil of the past.
  package let objects: Int?
  /// A sentence where nothing of the patient is here.
  package let absence: String?
  /// Who holds a grant that is in force, and can do nothing by it.
  package let kept: [String]
}

package struct AccessListing: Codable, Sendable {
  package let patient: String
  package let who: String
  package let group: String?
  package let grant: GrantListing
  /// How many objects the grant alone opens to them to query, to retrieve and to receive; nil of the past.
  package let opened: [String: Int]?
  /// The numbers of the consents that take something from it; of the past, that outranked it as far as they reached.
  package let vetoes: [Int]
}

package struct AsideListing: Codable, Sendable {
  package let studyInstanceUID: String
  package let patient: String
  package let sender: String
  package let instances: Int
}

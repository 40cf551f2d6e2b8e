// SPDX-License-Identifier: Apache-2.0

/// What a grant opens.
package enum GrantScope: Sendable, Hashable {
  case everything
  /// The patient with this ID from this issuer; without an issuer, the one whose ID has none.
  case patient(id: String, issuer: String?)
  case study(uid: String)
  case series(uid: String)
}

extension GrantScope: CustomStringConvertible {
  package var description: String {
    switch self {
    case .everything: "everything"
    case .patient(let id, let issuer): "patient \(id)" + (issuer.map { " of \($0)" } ?? "")
    case .study(let uid): "study \(uid)"
    case .series(let uid): "series \(uid)"
    }
  }
}

/// Why somebody has a grant.
package enum Relationship: String, Sendable, Hashable, CaseIterable, Codable {
  /// The patient's own.
  case `self`
  case child, parent, guardian
  case referring, consulting
  case treatingClinic = "treating-clinic"
  case consent, emergency, share

  /// Nobody but an administrator can know that it is so.
  package var needsVerification: Bool { [.self, .child, .parent, .guardian].contains(self) }

  /// How a veto meets it.
  package var standing: GrantStanding {
    switch self {
    case .self: .own
    case .emergency: .emergency
    default: .ordinary
    }
  }
}

/// How a grant stands against a patient's veto.
package enum GrantStanding: Int, Sendable, Hashable, CaseIterable {
  /// Every veto outranks it.
  case ordinary
  /// Only a veto that holds in an emergency too outranks it.
  case emergency
  /// A patient's veto is not against the patient.
  case own
}

/// Who shared what a grant opens, and by which of their own grants: it ends with that one.
package struct GrantShare: Sendable, Hashable {
  /// The number of the grant.
  package let grant: Int
  /// The number of the principal.
  package let sharer: Int64

  package init(grant: Int, sharer: Int64) {
    self.grant = grant
    self.sharer = sharer
  }
}

/// What a grant is for and what it rests on.
package struct GrantBasis: Sendable, Hashable {
  /// A code of HL7's PurposeOfUse, such as TREAT or PATRQT, or words.
  package var purposeOfUse: String?
  /// The number of the consent that it rests on: it ends with it.
  package var consent: Int?
  /// A paper, a file, a ticket: words.
  package var reference: String?
  package var share: GrantShare?

  package init(
    purposeOfUse: String? = nil, consent: Int? = nil, reference: String? = nil, share: GrantShare? = nil
  ) {
    self.purposeOfUse = purposeOfUse
    self.consent = consent
    self.reference = reference
    self.share = share
  }
}

/// What a grant says. Times are seconds since 1970.
package struct GrantTerms: Sendable, Hashable {
  package enum Effect: String, Sendable, Hashable, CaseIterable {
    /// It opens something to its holder.
    case opens
    /// A ceiling: whoever calls through its holder, a peer, sees nothing beyond it, whatever was opened to them.
    case limits
  }

  package var effect: Effect
  package var scope: GrantScope
  package var narrowing: GrantNarrowing
  package var rights: GrantRights
  package var from: Double?
  package var until: Double?
  package var relationship: Relationship?
  package var basis: GrantBasis
  /// The least by which the caller has to be known.
  package var leastAssurance: IdentityAssurance
  /// Where it came from, where no person gave it by hand: a rule, a code, an import. The same origin gives no second grant.
  package var origin: String?

  package init(
    _ scope: GrantScope, effect: Effect = .opens, narrowing: GrantNarrowing = GrantNarrowing(),
    rights: GrantRights = .customary, from: Double? = nil, until: Double? = nil, relationship: Relationship? = nil,
    basis: GrantBasis = GrantBasis(), leastAssurance: IdentityAssurance = .aeTitleAlone, origin: String? = nil
  ) {
    self.scope = scope
    self.effect = effect
    self.narrowing = narrowing
    self.rights = rights
    self.from = from
    self.until = until
    self.relationship = relationship
    self.basis = basis
    self.leastAssurance = leastAssurance
    self.origin = origin
  }
}

/// Who may see what until when. Times are seconds since 1970.
package struct Grant: Sendable, Hashable {
  package enum State: String, Sendable, CaseIterable, Codable {
    /// It opens nothing until an administrator approves it.
    case pending
    case active, suspended, revoked
    /// It was active until its end came.
    case expired
  }

  package let number: Int
  package let grantee: String
  package let terms: GrantTerms
  package let state: State
  package let grantedBy: String
  package let grantedAt: Double
  package let verifiedBy: String?
  package let verifiedAt: Double?
  package let revokedBy: String?
  package let revokedAt: Double?

  package var scope: GrantScope { terms.scope }
  package var until: Double? { terms.until }

  package init(
    number: Int, grantee: String, terms: GrantTerms, state: State, grantedBy: String, grantedAt: Double,
    verifiedBy: String? = nil, verifiedAt: Double? = nil, revokedBy: String? = nil, revokedAt: Double? = nil
  ) {
    self.number = number
    self.grantee = grantee
    self.terms = terms
    self.state = state
    self.grantedBy = grantedBy
    self.grantedAt = grantedAt
    self.verifiedBy = verifiedBy
    self.verifiedAt = verifiedAt
    self.revokedBy = revokedBy
    self.revokedAt = revokedAt
  }
}

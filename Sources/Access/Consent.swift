// SPDX-License-Identifier: Apache-2.0

/// What a patient said about who may see their records; it stays on record when it is withdrawn. Times are seconds since 1970.
package struct Consent: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
    /// Forbids, whatever grants open.
    case veto
    /// Lets somebody decide for the patient: grants rest on it and end with it.
    case delegation
    /// Allows; grants rest on it and end with it.
    case permission
  }

  package let number: Int
  package let kind: Kind
  /// A veto is on a patient, a study or a series, the others on a patient.
  package let scope: GrantScope
  package let narrowing: GrantNarrowing
  /// Against or for whom; nil for everybody.
  package let party: String?
  /// Of a veto: it holds in an emergency too.
  package let holdsInEmergency: Bool
  package let from: Double?
  package let until: Double?
  /// A paper, a form, a conversation: words.
  package let reference: String?
  package let recordedBy: String
  package let recordedAt: Double
  package let withdrawnBy: String?
  package let withdrawnAt: Double?

  package init(
    number: Int, kind: Kind, scope: GrantScope, narrowing: GrantNarrowing, party: String?, holdsInEmergency: Bool,
    from: Double?, until: Double?, reference: String?, recordedBy: String, recordedAt: Double, withdrawnBy: String?,
    withdrawnAt: Double?
  ) {
    self.number = number
    self.kind = kind
    self.scope = scope
    self.narrowing = narrowing
    self.party = party
    self.holdsInEmergency = holdsInEmergency
    self.from = from
    self.until = until
    self.reference = reference
    self.recordedBy = recordedBy
    self.recordedAt = recordedAt
    self.withdrawnBy = withdrawnBy
    self.withdrawnAt = withdrawnAt
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What a user is here.
package enum Role: String, Sendable, Hashable, CaseIterable, Codable {
  case administrator, physician, patient, guardian, technologist, service
}

/// What a group is.
package enum GroupKind: String, Sendable, Hashable, CaseIterable, Codable {
  case practice, clinic, department
}

/// That a user has to do with a patient. Times are seconds since 1970.
package struct PatientLink: Sendable, Hashable {
  package let patientID: String
  /// nil where the ID has none.
  package let issuer: String?
  package let relationship: Relationship
  /// Of the grant that it gave.
  package let grant: Int?
  package let linkedBy: String
  package let linkedAt: Double

  package init(
    patientID: String, issuer: String?, relationship: Relationship, grant: Int?, linkedBy: String, linkedAt: Double
  ) {
    self.patientID = patientID
    self.issuer = issuer
    self.relationship = relationship
    self.grant = grant
    self.linkedBy = linkedBy
    self.linkedAt = linkedAt
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What an administrator may ask about what is stored.
package enum RecordsOperation: Codable, Sendable {
  case listConflicts(after: String)
  case showConflict(sopInstanceUID: String, first: Int?, second: Int?)
  case chooseVersion(sopInstanceUID: String, number: Int, reason: String)
  case undoChoice(sopInstanceUID: String)
  case listCorrections
  case listDifferences
  /// `agreed`: whatever grants open by it.
  case mergePatients(PatientName, into: PatientName, given: GivenPatient, reason: String, agreed: Bool)
  case reassignStudy(
    studyInstanceUID: String, from: PatientName?, to: PatientName, given: GivenPatient, reason: String, agreed: Bool)
  case undoCorrection(number: Int, reason: String, agreed: Bool)
}

package enum RecordsResult: Codable, Sendable {
  case done(String)
  case conflicts([ConflictListing])
  case conflict(ConflictDetail)
  case corrections([CorrectionListing])
  case differences([DifferenceListing])
  /// Nothing was done: these grants would open more.
  case wouldWiden([GrantListing])
}

package struct PatientName: Codable, Sendable {
  package let id: String
  package let issuer: String?

  package init(id: String, issuer: String?) {
    self.id = id
    self.issuer = issuer
  }
}

package struct GivenPatient: Codable, Sendable {
  package let name: String?
  package let birthDate: String?
  package let sex: String?

  package init(name: String?, birthDate: String?, sex: String?) {
    self.name = name
    self.birthDate = birthDate
    self.sex = sex
  }
}

package struct ConflictListing: Codable, Sendable {
  package let sopInstanceUID: String
  package let versions: Int
}

package struct ConflictDetail: Codable, Sendable {
  package struct Version: Codable, Sendable {
    package let number: Int
    package let patient: String
    package let studyInstanceUID: String
    package let seriesInstanceUID: String
    package let transferSyntaxUID: String
    package let sender: String
    package let arrived: String
    package let size: Int
    package let digest: String
    package let state: String
  }

  package struct Difference: Codable, Sendable {
    package let path: String
    package let name: String
    package let first: String?
    package let second: String?
  }

  package let sopInstanceUID: String
  package let versions: [Version]
  /// The numbers of the versions that are compared.
  package let compared: [Int]
  package let differences: [Difference]
  /// Whether a file of theirs is gone, or not what was received: then they cannot be compared.
  package let isUnreadable: Bool
}

package struct CorrectionListing: Codable, Sendable {
  package let number: Int
  package let kind: String
  package let studyInstanceUID: String?
  package let from: String
  package let to: String
  package let reason: String
  package let madeBy: String
  package let made: String
  package let undone: String?
}

package struct DifferenceListing: Codable, Sendable {
  package let patient: String
  package let studyInstanceUID: String
  package let attribute: String
  package let value: String
  package let other: String
}

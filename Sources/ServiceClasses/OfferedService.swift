// SPDX-License-Identifier: Apache-2.0

package import Access
package import Archive
package import DICOMData

/// Which service of PS3.4 an abstract syntax belongs to, what a peer must be allowed for it, and in which transfer syntaxes
/// its data sets may come.
package enum OfferedService: Sendable, Equatable {
  case verification
  case storage
  case find(InformationModel)
  case get(InformationModel)
  case move(InformationModel)
  case commitment
  /// Private: see `RedemptionService`.
  case redemption

  /// nil for what this node does not offer. A private SOP class is taken for a storage class only where the peer's entry
  /// says so: nothing in a UID tells what it is for.
  package init?(abstractSyntax uid: String, acceptsPrivateSOPClasses: Bool) {
    switch uid {
    case UIDRegistry.verification: self = .verification
    case UIDRegistry.patientRootFind: self = .find(.patientRoot)
    case UIDRegistry.studyRootFind: self = .find(.studyRoot)
    case UIDRegistry.patientStudyOnlyFind: self = .find(.patientStudyOnly)
    case UIDRegistry.patientRootGet: self = .get(.patientRoot)
    case UIDRegistry.studyRootGet: self = .get(.studyRoot)
    case UIDRegistry.patientStudyOnlyGet: self = .get(.patientStudyOnly)
    case UIDRegistry.compositeInstanceRootGet: self = .get(.compositeInstanceRoot)
    case UIDRegistry.compositeInstanceRootMove: self = .move(.compositeInstanceRoot)
    case UIDRegistry.patientRootMove: self = .move(.patientRoot)
    case UIDRegistry.studyRootMove: self = .move(.studyRoot)
    case UIDRegistry.storageCommitmentPushModel: self = .commitment
    case UIDRegistry.patientStudyOnlyMove: self = .move(.patientStudyOnly)
    case Implementation.redemptionUID: self = .redemption
    case _ where UIDRegistry.isStorageSOPClass(uid): self = .storage
    case _ where acceptsPrivateSOPClasses && !uid.hasPrefix("1.2.840.10008."): self = .storage
    default: return nil
    }
  }

  /// Whoever is known may ask whether this node is alive, and bring a code.
  package var requiredRights: Rights {
    switch self {
    case .verification, .redemption: []
    case .storage, .commitment: .store
    case .find: .query
    case .get, .move: .retrieve
    }
  }

  package var transferSyntaxes: [TransferSyntax] {
    switch self {
    case .storage: TransferSyntax.storable
    case .verification, .find, .get, .move, .commitment, .redemption:
      [.explicitVRLittleEndian, .implicitVRLittleEndian, .explicitVRBigEndian]
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
package import DICOMData

/// What is said of an object before it comes: by the C-STORE-RQ, or by the head of an imported file.
package struct Announcement: Sendable {
  package let sopClassUID: String
  package let sopInstanceUID: String
  package let transferSyntaxUID: String
  /// Empty for an import.
  package let callingAETitle: String

  package init(sopClassUID: String, sopInstanceUID: String, transferSyntaxUID: String, callingAETitle: String) {
    self.sopClassUID = sopClassUID
    self.sopInstanceUID = sopInstanceUID
    self.transferSyntaxUID = transferSyntaxUID
    self.callingAETitle = callingAETitle
  }
}

/// Who brings an object.
package enum Sender: Sendable {
  case peer(Caller)
  /// With the issuer of Patient IDs that name none.
  case `operator`(Operator, defaultIssuer: String? = nil)

  var caller: Caller? {
    if case .peer(let caller) = self { caller } else { nil }
  }

  var name: String {
    switch self {
    case .peer(let caller):
      caller.principal == caller.peer
        ? caller.peerName : "\(caller.peerName), user \(caller.identity.principalName)"
    case .operator(let user, _): "user \(user.name)"
    }
  }
}

/// That an object is here to stay.
package struct Receipt: Sendable {
  package enum Outcome: Sendable, Equatable {
    case stored
    /// The same object was here before, perhaps in another encoding.
    case alreadyStored
    /// Another object with the same SOP Instance UID is here; both are kept.
    case keptBesideAnother
    /// It was deleted by somebody who said that it was not to come again; it is not kept.
    case keptOut
  }

  package let outcome: Outcome
  /// What is odd about the object, for the log; without patient data.
  package let remarks: [String]
}

/// Why an object was not kept. Nothing of it is.
package struct ReceptionError: Error, Sendable, CustomStringConvertible {
  package enum Kind: Sendable {
    /// The bytes are no data set, or end inside an element.
    case unreadable
    /// The data set is not what was announced, or lacks what every object needs.
    case doesNotMatch
    /// No space, no descriptors, a disk that fails: another time it may go.
    case outOfResources
    /// It was deleted here, and is not to come again.
    case keptOut
  }

  package let kind: Kind
  /// A sentence without patient data.
  package let description: String
  package let offendingElement: Tag?

  init(_ kind: Kind, _ description: String, offendingElement: Tag? = nil) {
    self.kind = kind
    self.description = description
    self.offendingElement = offendingElement
  }
}

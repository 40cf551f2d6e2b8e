// SPDX-License-Identifier: Apache-2.0

/// An A-ASSOCIATE-RQ PDU (PS3.8 §9.3.2).
package struct AssociateRQ: Sendable, Equatable {
  package var protocolVersion: UInt16
  package var calledAETitleField: AETitleField
  package var callingAETitleField: AETitleField
  /// Bytes 43 to 74.
  package var reserved = ReservedField()
  package var applicationContextName: String
  package var presentationContexts: [ProposedPresentationContext]
  package var userInformation: UserInformation

  package init(
    calledAETitle: String, callingAETitle: String, presentationContexts: [ProposedPresentationContext],
    userInformation: UserInformation, applicationContextName: String = ApplicationContext.dicom,
    protocolVersion: UInt16 = 1
  ) {
    self.protocolVersion = protocolVersion
    calledAETitleField = AETitleField(calledAETitle)
    callingAETitleField = AETitleField(callingAETitle)
    self.applicationContextName = applicationContextName
    self.presentationContexts = presentationContexts
    self.userInformation = userInformation
  }

  /// Without the padding; what a peer sends beyond ASCII is U+FFFD.
  package var calledAETitle: String {
    get { calledAETitleField.title }
    set { calledAETitleField = AETitleField(newValue) }
  }

  package var callingAETitle: String {
    get { callingAETitleField.title }
    set { callingAETitleField = AETitleField(newValue) }
  }
}

/// A Presentation Context Item of an A-ASSOCIATE-RQ (PS3.8 §9.3.2.2).
package struct ProposedPresentationContext: Sendable, Equatable {
  /// PS3.8 §9.3.2.2: odd context IDs up to 255.
  package static let mostOnOneAssociation = 128

  package var id: UInt8
  package var abstractSyntax: String
  package var transferSyntaxes: [String]

  package init(id: UInt8, abstractSyntax: String, transferSyntaxes: [String]) {
    self.id = id
    self.abstractSyntax = abstractSyntax
    self.transferSyntaxes = transferSyntaxes
  }
}

package enum ApplicationContext {
  /// The one application context name there is (PS3.7 §A.2.1).
  package static let dicom = "1.2.840.10008.3.1.1.1"
}

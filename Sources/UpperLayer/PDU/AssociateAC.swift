// SPDX-License-Identifier: Apache-2.0

/// An A-ASSOCIATE-AC PDU (PS3.8 §9.3.3).
package struct AssociateAC: Sendable, Equatable {
  package var protocolVersion: UInt16
  /// Bytes 11 to 74 are reserved here: sent back as they came, and never tested (PS3.8 §9.3.3).
  package var calledAETitleField: AETitleField
  package var callingAETitleField: AETitleField
  package var reserved = ReservedField()
  package var applicationContextName: String
  package var presentationContexts: [PresentationContextResult]
  package var userInformation: UserInformation

  package init(
    answering request: AssociateRQ, presentationContexts: [PresentationContextResult],
    userInformation: UserInformation
  ) {
    protocolVersion = 1
    calledAETitleField = request.calledAETitleField
    callingAETitleField = request.callingAETitleField
    reserved = request.reserved
    applicationContextName = ApplicationContext.dicom
    self.presentationContexts = presentationContexts
    self.userInformation = userInformation
  }

  init(
    calledAETitle: String, callingAETitle: String, presentationContexts: [PresentationContextResult],
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

  package var calledAETitle: String {
    get { calledAETitleField.title }
    set { calledAETitleField = AETitleField(newValue) }
  }

  package var callingAETitle: String {
    get { callingAETitleField.title }
    set { callingAETitleField = AETitleField(newValue) }
  }
}

/// A Presentation Context Item of an A-ASSOCIATE-AC (PS3.8 §9.3.3.2).
package struct PresentationContextResult: Sendable, Equatable {
  package enum Result: UInt8, Sendable {
    case acceptance = 0
    case userRejection = 1
    case noReason = 2
    case abstractSyntaxNotSupported = 3
    case transferSyntaxesNotSupported = 4
  }

  package var id: UInt8
  package var result: Result
  /// Not significant unless the context is accepted.
  package var transferSyntax: String

  package init(id: UInt8, result: Result, transferSyntax: String) {
    self.id = id
    self.result = result
    self.transferSyntax = transferSyntax
  }
}

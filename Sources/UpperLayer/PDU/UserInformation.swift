// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The User Information Item of a request or its acceptance (PS3.7 annex D.3.3).
package struct UserInformation: Sendable, Equatable {
  /// The longest P-DATA-TF variable field that the sender of this item takes; 0 is no limit (PS3.8 §D.1).
  package var maximumLength: UInt32
  package var implementationClassUID: String
  package var implementationVersionName: String?
  package var asynchronousOperationsWindow: AsynchronousOperationsWindow?
  package var roleSelections: [RoleSelection]
  package var extendedNegotiations: [ExtendedNegotiation]
  package var commonExtendedNegotiations: [CommonExtendedNegotiation]
  package var userIdentity: UserIdentity?
  /// The server's answer to a user identity that asked for one (PS3.7 D.3.3.7.2).
  package var userIdentityResponse: ByteBuffer?

  package init(
    maximumLength: UInt32, implementationClassUID: String, implementationVersionName: String? = nil,
    asynchronousOperationsWindow: AsynchronousOperationsWindow? = nil, roleSelections: [RoleSelection] = [],
    extendedNegotiations: [ExtendedNegotiation] = [], commonExtendedNegotiations: [CommonExtendedNegotiation] = [],
    userIdentity: UserIdentity? = nil, userIdentityResponse: ByteBuffer? = nil
  ) {
    self.maximumLength = maximumLength
    self.implementationClassUID = implementationClassUID
    self.implementationVersionName = implementationVersionName
    self.asynchronousOperationsWindow = asynchronousOperationsWindow
    self.roleSelections = roleSelections
    self.extendedNegotiations = extendedNegotiations
    self.commonExtendedNegotiations = commonExtendedNegotiations
    self.userIdentity = userIdentity
    self.userIdentityResponse = userIdentityResponse
  }
}

/// PS3.7 D.3.3.3: how many operations may be outstanding; 0 is no limit.
package struct AsynchronousOperationsWindow: Sendable, Equatable {
  package var invoked: UInt16
  package var performed: UInt16

  package init(invoked: UInt16, performed: UInt16) {
    self.invoked = invoked
    self.performed = performed
  }
}

/// PS3.7 D.3.3.4.
package struct RoleSelection: Sendable, Equatable {
  package var sopClassUID: String
  package var supportsSCU: Bool
  package var supportsSCP: Bool

  package init(sopClassUID: String, supportsSCU: Bool, supportsSCP: Bool) {
    self.sopClassUID = sopClassUID
    self.supportsSCU = supportsSCU
    self.supportsSCP = supportsSCP
  }
}

/// PS3.7 D.3.3.5; the information is the service class's own.
package struct ExtendedNegotiation: Sendable, Equatable {
  package var sopClassUID: String
  package var information: ByteBuffer

  package init(sopClassUID: String, information: ByteBuffer) {
    self.sopClassUID = sopClassUID
    self.information = information
  }
}

/// PS3.7 D.3.3.6.
package struct CommonExtendedNegotiation: Sendable, Equatable {
  package var sopClassUID: String
  package var serviceClassUID: String
  package var relatedGeneralSOPClassUIDs: [String]

  package init(sopClassUID: String, serviceClassUID: String, relatedGeneralSOPClassUIDs: [String]) {
    self.sopClassUID = sopClassUID
    self.serviceClassUID = serviceClassUID
    self.relatedGeneralSOPClassUIDs = relatedGeneralSOPClassUIDs
  }
}

/// PS3.7 D.3.3.7.1. Its fields are secrets: it describes itself without them.
package struct UserIdentity: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// 1 user name, 2 user name and passcode, 3 Kerberos, 4 SAML, 5 JWT; others are kept to be refused.
  package var type: UInt8
  package var positiveResponseRequested: Bool
  package var primaryField: ByteBuffer
  package var secondaryField: ByteBuffer

  package init(type: UInt8, positiveResponseRequested: Bool, primaryField: ByteBuffer, secondaryField: ByteBuffer) {
    self.type = type
    self.positiveResponseRequested = positiveResponseRequested
    self.primaryField = primaryField
    self.secondaryField = secondaryField
  }

  package var description: String { "user identity of type \(type)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import NIOCore
import UpperLayer

extension Credential {
  /// What a user identity shows (PS3.7 D.3.3.7.1, Table D.3-14).
  init(_ identity: UserIdentity) {
    let primary = identity.primaryField.readableBytesView
    switch identity.type {
    case 1, 2:
      // Devices pad to an even length with NUL.
      let padding = primary.reversed().prefix { $0 == 0 }.count
      guard let name = String(validating: primary.dropLast(padding), as: UTF8.self) else {
        self = .unintelligible("a user name that is no UTF-8")
        return
      }
      self =
        identity.type == 1
        ? .username(name)
        : .usernameAndPasscode(name, passcode: Secret(identity.secondaryField.readableBytesView))
    case 3: self = .kerberos(Secret(primary))
    case 4: self = .saml(Secret(primary))
    case 5: self = .jwt(Secret(primary))
    default:
      self = .unintelligible("a user identity of type \(identity.type), which the Standard does not define")
    }
  }
}

extension UserIdentity {
  /// The same the other way, for an association that this node requests. nil for what travels in no user identity.
  init?(showing credential: Credential) {
    let fields: (type: UInt8, primary: [UInt8], secondary: [UInt8])
    switch credential {
    case .username(let name): fields = (1, Array(name.utf8), [])
    case .usernameAndPasscode(let name, let passcode): fields = (2, Array(name.utf8), passcode.bytes)
    case .kerberos(let ticket): fields = (3, ticket.bytes, [])
    case .saml(let assertion): fields = (4, assertion.bytes, [])
    case .jwt(let token): fields = (5, token.bytes, [])
    case .certificate, .unintelligible: return nil
    }
    self.init(
      type: fields.type, positiveResponseRequested: false, primaryField: ByteBuffer(bytes: fields.primary),
      secondaryField: ByteBuffer(bytes: fields.secondary))
  }
}

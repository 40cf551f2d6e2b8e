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
      guard let name = String(validating: primary, as: UTF8.self) else {
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

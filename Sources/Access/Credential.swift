// SPDX-License-Identifier: Apache-2.0

/// What a caller shows of itself beyond title and address: its TLS certificate, or one of the user identities of PS3.7
/// D.3.3.7.1. No description of it shows a secret, nor a name that nobody has verified: it may be a passcode in the wrong
/// field.
package enum Credential: Sendable {
  /// Whose private key the TLS handshake has proven; subject as the certificate says it.
  case certificate(CertificateFingerprint, subject: String)
  /// Type 1: a claim that nothing proves.
  case username(String)
  /// Type 2.
  case usernameAndPasscode(String, passcode: Secret)
  /// Type 3: a service ticket.
  case kerberos(Secret)
  /// Type 4: an assertion.
  case saml(Secret)
  /// Type 5: a JSON Web Token in compact form.
  case jwt(Secret)
  /// A type that the Standard does not define, or a name that is no UTF-8: why nothing can be made of it, in words.
  case unintelligible(String)
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String {
    switch self {
    case .certificate(let fingerprint, let subject): "the certificate of '\(subject)' (\(fingerprint))"
    case .username: "a user name alone"
    case .usernameAndPasscode: "a user name and passcode"
    case .kerberos: "a Kerberos service ticket"
    case .saml: "a SAML assertion"
    case .jwt: "a JSON Web Token"
    case .unintelligible(let what): what
    }
  }

  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

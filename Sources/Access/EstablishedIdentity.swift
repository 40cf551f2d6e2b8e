// SPDX-License-Identifier: Apache-2.0

/// Who is calling, as far as it was proven: the principal to whom grants are given, and by what.
package struct EstablishedIdentity: Sendable, Hashable {
  /// What proved it.
  package enum Evidence: Sendable, Hashable {
    case aeTitle
    case aeTitleAndAddress
    case password
    case token(issuer: String)
    case kerberos
    case saml
    case certificate(CertificateFingerprint)
  }

  /// Of the user; of the peer where no user was proven.
  package let principalName: String
  package let evidence: Evidence
  /// The server response (PS3.7 D.3.3.7.2) to a user identity that was proven: empty but for Kerberos and SAML. nil where
  /// none was proven.
  package let serverResponse: [UInt8]?

  package init(principalName: String, evidence: Evidence, serverResponse: [UInt8]? = nil) {
    self.principalName = principalName
    self.evidence = evidence
    self.serverResponse = serverResponse
  }

  package var assurance: IdentityAssurance {
    switch evidence {
    case .aeTitle: .aeTitleAlone
    case .aeTitleAndAddress: .aeTitleWithAddress
    case .password: .password
    case .token, .kerberos, .saml: .token
    case .certificate: .certificate
    }
  }
}

extension EstablishedIdentity: CustomStringConvertible, CustomDebugStringConvertible {
  package var description: String {
    let how =
      switch evidence {
      case .token(let issuer): "a token of '\(issuer)'"
      case .kerberos: "a Kerberos ticket"
      case .saml: "a SAML assertion"
      case .certificate(let fingerprint): "the TLS certificate \(fingerprint)"
      case .aeTitle, .aeTitleAndAddress, .password: assurance.description
      }
    return "'\(principalName)' by \(how)"
  }

  package var debugDescription: String { description }
}

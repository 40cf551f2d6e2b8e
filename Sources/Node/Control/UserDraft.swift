// SPDX-License-Identifier: Apache-2.0

package import Access

/// A user to be added; one without a password and without a certificate can be proven by tokens alone.
package struct UserDraft: Codable, Sendable {
  package let name: String
  package let password: Secret?
  /// In PEM.
  package let certificate: String?

  package init(name: String, password: Secret?, certificate: String?) {
    self.name = name
    self.password = password
    self.certificate = certificate
  }
}

/// A user as an administrator sees them: nothing secret.
package struct UserListing: Codable, Sendable {
  package struct Certificate: Codable, Sendable {
    /// SHA-256 of the DER, in hexadecimal.
    package let fingerprint: String
    package let subject: String
    package let notAfter: String
  }

  /// A patient that the user has to do with.
  package struct Patient: Codable, Sendable {
    package let id: String
    package let issuer: String?
    package let relationship: String
    package let grant: Int?
  }

  package let name: String
  package let hasPassword: Bool
  package let isLocked: Bool
  /// While wrong passwords lock them out.
  package let lockedUntil: String?
  /// In a row.
  package let wrongPasswords: Int
  package let certificates: [Certificate]
  /// To which they belong now.
  package let groups: [String]
  /// Those, and to which they will, with the days that are known.
  package let memberships: [MembershipListing]
  package let roles: [String]
  package let attributes: [String: String]
  package let patients: [Patient]
  package let created: String
  package let createdBy: String
}

/// Somebody whose JSON Web Tokens are to be believed.
package struct IssuerDraft: Codable, Sendable {
  package let issuer: String
  package let audience: String
  package let algorithms: [String]
  /// A public key in PEM, or a JSON Web Key Set.
  package let key: String
  package let userClaim: String

  package init(issuer: String, audience: String, algorithms: [String], key: String, userClaim: String) {
    self.issuer = issuer
    self.audience = audience
    self.algorithms = algorithms
    self.key = key
    self.userClaim = userClaim
  }
}

package struct IssuerListing: Codable, Sendable {
  package let issuer: String
  package let audience: String
  package let algorithms: [String]
  package let userClaim: String
}

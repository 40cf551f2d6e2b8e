// SPDX-License-Identifier: Apache-2.0

package import Access

/// Where a verifier of Kerberos service tickets or SAML assertions is plugged in.
package protocol IdentityVerifier: Sendable {
  /// Whom the evidence proves. Runs on the cooperative pool: what blocks belongs on a thread of the verifier's own.
  func verify(_ evidence: Secret) async throws(IdentityRefusal) -> VerifiedUser
}

/// What a verifier found.
package struct VerifiedUser: Sendable {
  package let name: String
  /// For the A-ASSOCIATE-AC, where the peer asked for one (PS3.7 D.3.3.7.2).
  package let serverResponse: [UInt8]

  package init(name: String, serverResponse: [UInt8] = []) {
    self.name = name
    self.serverResponse = serverResponse
  }
}

/// The verifier of what this node cannot verify.
package struct RefusingVerifier: IdentityVerifier {
  private let what: String

  package init(of what: String) {
    self.what = what
  }

  package func verify(_ evidence: Secret) async throws(IdentityRefusal) -> VerifiedUser {
    throw IdentityRefusal(.unsupported, "it came with a \(what), and this node has no verifier for those")
  }
}

/// How identities are judged.
package struct IdentityOptions: Sendable {
  package var kerberos: any IdentityVerifier = RefusingVerifier(of: "Kerberos service ticket")
  package var saml: any IdentityVerifier = RefusingVerifier(of: "SAML assertion")
  package var passwordCost = ScryptCost.standard

  package init() {}
}

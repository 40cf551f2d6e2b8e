// SPDX-License-Identifier: Apache-2.0

/// Whose JSON Web Tokens are believed, and how far (RFC 7519).
package struct TokenIssuer: Sendable, Hashable {
  /// The `iss` that its tokens carry.
  package let issuer: String
  /// What `aud` has to name: this node.
  package let audience: String
  package let algorithms: Set<TokenAlgorithm>
  /// Its public key in PEM, or a JSON Web Key Set.
  package let key: String
  /// The claim that holds the user's name.
  package let userClaim: String

  package init(
    issuer: String, audience: String, algorithms: Set<TokenAlgorithm>, key: String, userClaim: String = "sub"
  ) {
    self.issuer = issuer
    self.audience = audience
    self.algorithms = algorithms
    self.key = key
    self.userClaim = userClaim
  }
}

/// The signature algorithms that may be allowed (RFC 7518 §3.1, RFC 8037). All have a public key: `none`, and HMAC whose
/// secret a public key would become, cannot be said.
package enum TokenAlgorithm: String, Sendable, Hashable, CaseIterable, Codable {
  case es256 = "ES256"
  case es384 = "ES384"
  case es512 = "ES512"
  case rs256 = "RS256"
  case rs384 = "RS384"
  case rs512 = "RS512"
  case ps256 = "PS256"
  case ps384 = "PS384"
  case ps512 = "PS512"
  case edDSA = "EdDSA"
}

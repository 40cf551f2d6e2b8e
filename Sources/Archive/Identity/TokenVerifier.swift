// SPDX-License-Identifier: Apache-2.0

import Access
import JWTKit

/// Judges JSON Web Tokens by their issuers' keys and by the time that it is given.
struct TokenVerifier {
  /// The clocks of two machines differ by so many seconds.
  private static let leeway = 30.0

  let issuer: TokenIssuer
  /// Seconds since 1970.
  let now: Double

  /// The name of the user.
  func verify(_ token: UnverifiedToken) async throws(IdentityRefusal) -> String {
    guard let algorithm = TokenAlgorithm(rawValue: token.algorithm), issuer.algorithms.contains(algorithm) else {
      let allowed = issuer.algorithms.map(\.rawValue).sorted().joined(separator: ", ")
      throw IdentityRefusal(
        .forbiddenAlgorithm,
        "its token is signed with \(Self.name(of: token.algorithm)), an algorithm that '\(issuer.issuer)' may not use: it may "
          + "use \(allowed)")
    }
    let claims = try await verifiedClaims(of: token, algorithm)
    try checkValidity(claims)
    guard let user = claims.text(issuer.userClaim), !user.isEmpty else {
      throw IdentityRefusal(.malformedToken, "its token has no claim '\(issuer.userClaim)' that names a user")
    }
    return user
  }

  /// It is whatever who called wrote there.
  private static func name(of algorithm: String) -> String {
    let isPlain = algorithm.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "z")).contains($0) }
    return isPlain && (1...16).contains(algorithm.utf8.count) ? algorithm : "none that has a name"
  }

  private func verifiedClaims(
    of token: UnverifiedToken, _ algorithm: TokenAlgorithm
  ) async throws(IdentityRefusal) -> TokenClaims {
    let keys = try? TokenKeys(issuer.key)
    for key in await keys?.candidates(for: algorithm, keyIdentifier: token.keyIdentifier) ?? [] {
      if let claims = try? await key.verify(token.compact, as: TokenClaims.self), claims.text("iss") == issuer.issuer {
        return claims
      }
    }
    throw IdentityRefusal(.wrongSignature, "no key of '\(issuer.issuer)' made the signature of its token")
  }

  private func checkValidity(_ claims: TokenClaims) throws(IdentityRefusal) {
    guard claims.texts("aud").contains(issuer.audience) else {
      throw IdentityRefusal(
        .wrongAudience, "its token of '\(issuer.issuer)' is for another audience than '\(issuer.audience)'")
    }
    guard let expiry = claims.number("exp") else {
      throw IdentityRefusal(.expiredToken, "its token of '\(issuer.issuer)' has no end ('exp')")
    }
    guard now < expiry + Self.leeway else {
      throw IdentityRefusal(.expiredToken, "its token of '\(issuer.issuer)' has expired")
    }
    guard claims.has("nbf") else { return }
    guard let begin = claims.number("nbf"), now >= begin - Self.leeway else {
      throw IdentityRefusal(.tokenNotYetValid, "its token of '\(issuer.issuer)' does not hold yet")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import CryptoExtras
import Foundation
import JWTKit
import Testing

@testable import Archive

@Suite struct TokenTests {
  /// An archive with the user 'weber' and an issuer.
  private func open(_ test: TestArchive, _ issuer: TokenIssuer) async throws -> Archive {
    let archive = try test.open()
    try await archive.addPeer(demand: .token)
    try await archive.administration(as: .current).addUser("weber", password: nil)
    try await archive.administration(as: .current).addTokenIssuer(issuer)
    return archive
  }

  /// One claim wrong at a time, each with the issuer's own signature.
  @Test func whatATokenClaimsIsJudged() async throws {
    let (test, issuer) = (TestArchive(), TestIssuer())
    let archive = try await open(test, issuer.issuer)
    let now = test.clock.now
    func kind(_ change: (inout TestIssuer.Claims) -> Void) async throws -> IdentityRefusal.Kind? {
      var claims = TestIssuer.claims(at: now)
      change(&claims)
      return try await archive.identify([.jwt(try await issuer.token(claims))]).refusal?.kind
    }
    #expect(try await kind { _ in } == nil)
    #expect(try await kind { $0.aud = ["OTHER", "COLLIMATOR"] } == nil)
    #expect(try await kind { $0.nbf = now } == nil)
    #expect(try await kind { $0.aud = nil } == .wrongAudience)
    #expect(try await kind { $0.aud = ["OTHER"] } == .wrongAudience)
    #expect(try await kind { $0.aud = [] } == .wrongAudience)
    #expect(try await kind { $0.exp = nil } == .expiredToken)
    #expect(try await kind { $0.exp = now - 31 } == .expiredToken)
    #expect(try await kind { $0.nbf = now + 31 } == .tokenNotYetValid)
    #expect(try await kind { $0.iss = nil } == .unknownIssuer)
    #expect(try await kind { $0.iss = "https://evil.example" } == .unknownIssuer)
    #expect(try await kind { $0.sub = nil } == .malformedToken)
    #expect(try await kind { $0.sub = "" } == .malformedToken)
    #expect(try await kind { $0.sub = "nobody" } == .unknownUser)
    // Whoever issues tokens writes no lines of our log.
    for name in ["weber\nplanted", "\u{202E}planted", String(repeating: "planted", count: 100)] {
      var claims = TestIssuer.claims(at: now)
      claims.sub = name
      let refusal = try await archive.identify([.jwt(try await issuer.token(claims))]).refusal
      #expect(refusal?.kind == .unknownUser)
      #expect(refusal?.description.contains("planted") == false)
    }
    // A peer is no user.
    #expect(try await kind { $0.sub = "WS" } == .unknownUser)
    // A token has an end, and it comes.
    let token = try await issuer.token(TestIssuer.claims(at: now))
    #expect(try await archive.identify([.jwt(token)]).evidence == .token(issuer: "https://login.example"))
    test.clock.advance(by: 91)
    #expect(try await archive.identify([.jwt(token)]).refusal?.kind == .expiredToken)
    try await archive.administration(as: .current).removeTokenIssuer("https://login.example")
    #expect(try await archive.identify([.jwt(token)]).refusal?.kind == .unknownIssuer)
    try await archive.close()
  }

  /// As it stands in a file that ends with a line, or in a field that was padded; what stands within it is the issuer's.
  @Test func aTokenMayBePadded() async throws {
    let (test, issuer) = (TestArchive(), TestIssuer())
    let archive = try await open(test, issuer.issuer)
    let token = try await issuer.token(TestIssuer.claims(at: test.clock.now)).bytes
    for padding in ["\n", "\r\n", " ", "\0", " \n\0\0"] {
      let outside = [.jwt(Secret(token + padding.utf8)), .jwt(Secret(padding.utf8 + token))] as [Credential]
      for padded in outside {
        #expect(try await archive.identify([padded]).evidence == .token(issuer: "https://login.example"))
      }
      let within = Secret(token.dropLast() + padding.utf8 + token.suffix(1))
      #expect(try await archive.identify([.jwt(within)]).refusal != nil)
    }
    for none in ["", " ", "\n", "\0\0"] {
      #expect(try await archive.identify([.jwt(Secret(Array(none.utf8)))]).refusal?.kind == .malformedToken)
    }
    try await archive.close()
  }

  @Test func aTokenWithoutAWholeSignatureIsNone() async throws {
    let (test, issuer) = (TestArchive(), TestIssuer())
    let archive = try await open(test, issuer.issuer)
    let good = try await issuer.token(TestIssuer.claims(at: test.clock.now))
    let parts = String(decoding: good.bytes, as: UTF8.self).split(separator: ".").map(String.init)
    let claims = parts[1]
    let forged = Self.base64URL(#"{"iss":"https://login.example","sub":"weber","aud":"COLLIMATOR","exp":9e9}"#)
    func header(_ json: String) -> String { Self.base64URL(json) }
    for (token, kind) in [
      (header(#"{"alg":"none"}"#) + ".\(claims).", .forbiddenAlgorithm),
      (header(#"{"alg":"None"}"#) + ".\(claims).", .forbiddenAlgorithm),
      (header(#"{"alg":"nOnE"}"#) + ".\(claims).\(parts[2])", .forbiddenAlgorithm),
      (header(#"{"alg":""}"#) + ".\(claims).\(parts[2])", .forbiddenAlgorithm),
      (header(#"{"alg":"ES384"}"#) + ".\(claims).\(parts[2])", .forbiddenAlgorithm),
      (header(#"{"alg":"RS256"}"#) + ".\(claims).\(parts[2])", .forbiddenAlgorithm),
      ("\(parts[0]).\(claims).", .wrongSignature), ("\(parts[0]).\(forged).\(parts[2])", .wrongSignature),
      ("\(parts[0]).\(claims).\(parts[2].dropLast(4))", .wrongSignature),
      (header(#"{"alg":"ES256","crit":["x"],"x":1}"#) + ".\(claims).\(parts[2])", .malformedToken),
      (header(#"{"typ":"JWT"}"#) + ".\(claims).\(parts[2])", .malformedToken),
      ("\(parts[0]).\(claims)", .malformedToken), ("\(parts[0]).\(claims).\(parts[2]).x", .malformedToken),
      ("", .malformedToken), ("..", .malformedToken), ("a.b.c", .malformedToken),
      ("\(parts[0]).\(claims).\(String(repeating: "A", count: 65_000))", .malformedToken),
      ("\(parts[0]).\(Self.base64URL(String(repeating: "[", count: 9000))).\(parts[2])", .malformedToken),
    ] as [(String, IdentityRefusal.Kind)] {
      let refusal = try await archive.identify([.jwt(Secret(token))]).refusal
      #expect(refusal?.kind == kind, "\(token.prefix(60)): \(refusal.map(String.init(describing:)) ?? "accepted")")
    }
    let anothers = try await TestIssuer().token(TestIssuer.claims(at: test.clock.now))
    #expect(try await archive.identify([.jwt(anothers)]).refusal?.kind == .wrongSignature)
    // A key identifier that the issuer's one key does not have is no reason to refuse its signature.
    let named = try await issuer.token(TestIssuer.claims(at: test.clock.now), kid: "2027")
    #expect(try await archive.identify([.jwt(named)]).refusal == nil)
    try await archive.close()
  }

  /// The public key of an RSA issuer, taken as the secret of an HMAC: the classic confusion.
  @Test func aPublicKeyIsNoSharedSecret() async throws {
    let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    let pem = key.publicKey.pemRepresentation
    let test = TestArchive()
    let issuer = TokenIssuer(
      issuer: "https://login.example", audience: "COLLIMATOR", algorithms: [.rs256, .ps256], key: pem)
    let archive = try await open(test, issuer)
    let claims = TestIssuer.claims(at: test.clock.now)
    for secret in [pem, pem.trimmingCharacters(in: .whitespacesAndNewlines)] {
      let keys = JWTKeyCollection()
      await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
      let token = Secret(try await keys.sign(claims))
      #expect(try await archive.identify([.jwt(token)]).refusal?.kind == .forbiddenAlgorithm)
    }
    let own = try Insecure.RSA.PrivateKey(pem: key.pemRepresentation)
    let (rs256, ps256, rs512) = (JWTKeyCollection(), JWTKeyCollection(), JWTKeyCollection())
    await rs256.add(rsa: own, digestAlgorithm: .sha256)
    await ps256.add(pss: own, digestAlgorithm: .sha256)
    await rs512.add(rsa: own, digestAlgorithm: .sha512)
    #expect(try await archive.identify([.jwt(Secret(try await rs256.sign(claims)))]).refusal == nil)
    #expect(try await archive.identify([.jwt(Secret(try await ps256.sign(claims)))]).refusal == nil)
    // The same key, but not an algorithm that it may be used with.
    #expect(
      try await archive.identify([.jwt(Secret(try await rs512.sign(claims)))]).refusal?.kind == .forbiddenAlgorithm)
    try await archive.close()
  }

  @Test func anIssuerNeedsAPublicKeyThatFits() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let key = ES256PrivateKey()
    func add(_ key: String, _ algorithms: Set<TokenAlgorithm>, audience: String = "C") async throws {
      try await administration.addTokenIssuer(
        TokenIssuer(issuer: "i", audience: audience, algorithms: algorithms, key: key))
    }
    let pem = key.publicKey.pemRepresentation
    let secret = try _RSA.Signing.PrivateKey(keySize: .bits2048).pemRepresentation
    for (key, algorithms) in [
      ("", [.es256]), ("nonsense", [.es256]), (pem, [.rs256]), (pem, [.es384]), (pem, []),
      (secret, [.rs256]), (#"{"keys":[]}"#, [.es256]),
    ] as [(String, [TokenAlgorithm])] {
      await #expect(throws: ArchiveError.self, "\(key.prefix(30))") { try await add(key, Set(algorithms)) }
    }
    await #expect(throws: ArchiveError.self) { try await add(pem, [.es256], audience: "") }
    try await add(pem, [.es256])
    await #expect(throws: ArchiveError.self) { try await add(pem, [.es256]) }
    #expect(try await administration.tokenIssuers().map(\.issuer) == ["i"])
    try await archive.close()
  }

  private static func base64URL(_ text: String) -> String {
    Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import Crypto
import CryptoExtras
import Foundation
import JWTKit
import SwiftASN1
import Testing
import X509

@testable import Archive

/// A certificate that signs itself: what authority signed it is for TLS to judge.
enum TestCertificate {
  static func make(_ name: String, until end: Double) throws -> (der: [UInt8], pem: String) {
    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let subject = try DistinguishedName { CommonName(name) }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
      notValidBefore: Date(timeIntervalSince1970: end - 1e6), notValidAfter: Date(timeIntervalSince1970: end),
      issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: Certificate.Extensions(),
      issuerPrivateKey: key)
    let pem = try certificate.serializeAsPEM()
    return (pem.derBytes, pem.pemString)
  }
}

/// An issuer of tokens, with all that its tokens may say.
struct TestIssuer {
  struct Claims: JWTPayload {
    var iss: String? = "https://login.example"
    var sub: String? = "weber"
    var aud: [String]? = ["COLLIMATOR"]
    var exp: Double?
    var nbf: Double?

    func verify(using algorithm: some JWTAlgorithm) {}
  }

  let key = ES256PrivateKey()

  var issuer: TokenIssuer {
    TokenIssuer(
      issuer: "https://login.example", audience: "COLLIMATOR", algorithms: [.es256],
      key: key.publicKey.pemRepresentation)
  }

  /// Holds for a minute.
  static func claims(at now: Double) -> Claims { Claims(exp: now + 60) }

  func token(_ claims: Claims, kid: JWKIdentifier? = nil) async throws -> Secret {
    let keys = JWTKeyCollection()
    await keys.add(ecdsa: key, kid: kid)
    return Secret(try await keys.sign(claims, kid: kid))
  }
}

extension Archive {
  /// What is established of a caller of the peer from 127.0.0.1.
  func identify(
    _ credentials: [Credential], over transport: Transport = .plain, as peer: String = "WS",
    from address: String = "127.0.0.1"
  ) async throws -> Result<Caller, IdentityRefusal> {
    guard case .matched(let matched) = try await self.peer(callingAETitle: peer, address: address) else {
      throw ArchiveError("a bad test: no peer '\(peer)' from \(address)")
    }
    return try await verify(credentials, over: transport, peer: matched)
  }

  func addPeer(
    _ name: String = "WS", addresses: [String] = ["127.0.0.1"], demand: IdentityAssurance = .aeTitleWithAddress,
    cleartext: Bool = true
  ) async throws {
    guard let title = AETitle(name) else { throw ArchiveError("a bad test") }
    try await administration(as: .current).addPeer(
      Peer(
        name: name, aeTitle: title, addresses: addresses.compactMap { Network($0) }, port: nil, rights: [.query],
        acceptsPrivateSOPClasses: false, demand: demand, allowsCleartextPasswords: cleartext))
  }
}

extension Result<Caller, IdentityRefusal> {
  var refusal: IdentityRefusal? {
    guard case .failure(let refusal) = self else { return nil }
    return refusal
  }

  var evidence: EstablishedIdentity.Evidence? { try? get().identity.evidence }
}

extension Credential {
  static func password(_ name: String, _ passcode: String) -> Credential {
    .usernameAndPasscode(name, passcode: Secret(passcode))
  }
}

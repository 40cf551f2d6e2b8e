// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import JWTKit

/// The public keys of an issuer: one in PEM, or those of a JSON Web Key Set (RFC 7517).
struct TokenKeys {
  private enum Source {
    case pem(String)
    case set([JWK])
  }

  /// A set that needs more is a mistake, and each key is one signature to try.
  private static let mostKeys = 16

  private let source: Source

  init(_ text: String) throws(ArchiveError) {
    guard text.drop(while: \.isWhitespace).first == "{" else {
      guard !text.contains("PRIVATE KEY") else {
        throw ArchiveError("this is a private key: give the public one, and keep that one where it belongs")
      }
      source = .pem(text)
      return
    }
    guard let set = try? JSONDecoder().decode(JWKS.self, from: Data(text.utf8)) else {
      throw ArchiveError("this is no JSON Web Key Set of RSA, EC and OKP keys (RFC 7517)")
    }
    guard (1...Self.mostKeys).contains(set.keys.count) else {
      throw ArchiveError("a key set has 1 to \(Self.mostKeys) keys")
    }
    guard set.keys.allSatisfy({ $0.privateExponent == nil }) else {
      throw ArchiveError("the key set holds a private key: give the public ones alone")
    }
    source = .set(set.keys)
  }

  /// Collections of one key each, for this algorithm alone: a key is never tried under another than it was allowed for.
  func candidates(for algorithm: TokenAlgorithm, keyIdentifier: String? = nil) async -> [JWTKeyCollection] {
    switch source {
    case .pem(let text):
      return await Self.collection(text, algorithm).map { [$0] } ?? []
    case .set(let keys):
      var found: [JWTKeyCollection] = []
      for var key in keys where Self.suits(key, algorithm) {
        if let keyIdentifier, let own = key.keyIdentifier, own.string != keyIdentifier { continue }
        key.algorithm = JWK.Algorithm(rawValue: algorithm.rawValue)
        key.keyIdentifier = JWKIdentifier(string: "key")
        let collection = JWTKeyCollection()
        guard (try? await collection.add(jwk: key)) != nil else { continue }
        found.append(collection)
      }
      return found
    }
  }

  private static func suits(_ key: JWK, _ algorithm: TokenAlgorithm) -> Bool {
    if let own = key.algorithm, own.rawValue != algorithm.rawValue { return false }
    return switch algorithm {
    case .es256: key.keyType == .ecdsa && key.curve?.rawValue == "P-256"
    case .es384: key.keyType == .ecdsa && key.curve?.rawValue == "P-384"
    case .es512: key.keyType == .ecdsa && key.curve?.rawValue == "P-521"
    case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: key.keyType == .rsa
    case .edDSA: key.keyType == .octetKeyPair
    }
  }

  /// nil where the PEM holds no key for the algorithm.
  private static func collection(_ pem: String, _ algorithm: TokenAlgorithm) async -> JWTKeyCollection? {
    let keys = JWTKeyCollection()
    do {
      switch algorithm {
      case .es256: await keys.add(ecdsa: try ES256PublicKey(pem: pem))
      case .es384: await keys.add(ecdsa: try ES384PublicKey(pem: pem))
      case .es512: await keys.add(ecdsa: try ES512PublicKey(pem: pem))
      case .rs256: await keys.add(rsa: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha256)
      case .rs384: await keys.add(rsa: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha384)
      case .rs512: await keys.add(rsa: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha512)
      case .ps256: await keys.add(pss: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha256)
      case .ps384: await keys.add(pss: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha384)
      case .ps512: await keys.add(pss: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha512)
      case .edDSA: await keys.add(eddsa: try EdDSA.PublicKey(pem: pem))
      }
      return keys
    } catch {
      return nil
    }
  }
}

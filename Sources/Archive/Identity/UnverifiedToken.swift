// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials

/// What a token says before anything of it was verified: enough to know whose key to try.
struct UnverifiedToken {
  private struct Header: Decodable {
    let alg: String
    let kid: String?
    let crit: [String]?
  }

  /// Real ones have one or two thousand bytes.
  private static let longest = 16 << 10

  let compact: [UInt8]
  let algorithm: String
  let keyIdentifier: String?
  let issuer: String?

  init(_ token: Secret) throws(IdentityRefusal) {
    guard token.bytes.count <= Self.longest else {
      throw IdentityRefusal(.malformedToken, "its token has \(token.bytes.count) bytes, more than \(Self.longest)")
    }
    let compact = Self.withoutPadding(token.bytes)
    let parts = compact.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Self.decode(Header.self, from: parts[0]),
      let claims = Self.decode(TokenClaims.self, from: parts[1])
    else {
      throw IdentityRefusal(.malformedToken, "its token is no JSON Web Token in compact form (RFC 7519)")
    }
    // RFC 7515 §4.1.11: what is critical and not understood makes a token invalid.
    guard header.crit == nil else {
      throw IdentityRefusal(.malformedToken, "its token has critical header parameters, which this node does not know")
    }
    self.compact = Array(compact)
    algorithm = header.alg
    keyIdentifier = header.kid
    issuer = claims.text("iss")
  }

  /// A token is often the content of a file, which ends with a line, and fields of DICOM are padded to an even length: no character of
  /// a token is less than a space.
  private static func withoutPadding(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    let count = bytes.reversed().drop { $0 <= UInt8(ascii: " ") }.count
    return bytes.prefix(count).drop { $0 <= UInt8(ascii: " ") }
  }

  private static func decode<Value: Decodable>(_ type: Value.Type, from base64URL: ArraySlice<UInt8>) -> Value? {
    let base64 = base64URL.map { character in
      switch character {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      default: character
      }
    }
    let padding = Array(repeating: UInt8(ascii: "="), count: (4 - base64.count % 4) % 4)
    return Data(base64Encoded: Data(base64 + padding)).flatMap { try? JSONDecoder().decode(type, from: $0) }
  }
}

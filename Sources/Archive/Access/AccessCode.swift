// SPDX-License-Identifier: Apache-2.0

package import Access
import Crypto

/// A code that opens something once to whoever brings it: 80 random bits, written so that it can be read out.
package struct AccessCode: Sendable {
  /// Crockford's: without I, L, O and U.
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  private static let length = 16

  private let symbols: [UInt8]

  init() {
    var random = SystemRandomNumberGenerator()
    symbols = (0..<Self.length).compactMap { _ in Self.alphabet.randomElement(using: &random) }
  }

  /// As a person writes it: case, spaces and hyphens do not count, O is 0, I and L are 1. nil where it cannot be one.
  package init?(_ text: String) {
    guard text.utf8.count <= 64 else { return nil }
    symbols = text.uppercased().utf8.compactMap { byte -> UInt8? in
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "-"): nil
      case UInt8(ascii: "O"): UInt8(ascii: "0")
      case UInt8(ascii: "I"), UInt8(ascii: "L"): UInt8(ascii: "1")
      default: byte
      }
    }
    guard symbols.count == Self.length, symbols.allSatisfy(Self.alphabet.contains) else { return nil }
  }

  /// In groups of four.
  package var text: String {
    stride(from: 0, to: symbols.count, by: 4).map {
      String(decoding: symbols[$0..<min($0 + 4, symbols.count)], as: UTF8.self)
    }
    .joined(separator: "-")
  }

  var hash: SHA256Digest { SHA256.hash(data: symbols) }
}

/// What a code is to open. Times are in seconds.
package struct CodeTerms: Sendable {
  /// A patient or a study.
  package let scope: GrantScope
  package let rights: GrantRights
  /// How long the grant lasts from when the code is redeemed.
  package let seconds: Double
  /// How long the code can be redeemed.
  package let validity: Double

  package init(scope: GrantScope, rights: GrantRights, seconds: Double, validity: Double) {
    self.scope = scope
    self.rights = rights
    self.seconds = seconds
    self.validity = validity
  }
}

/// A code as it is remembered: without the code. Times are seconds since 1970.
package struct OpenedCode: Sendable {
  package let number: Int
  package let scope: GrantScope
  package let openedBy: String
  package let openedAt: Double
  package let until: Double
  package let redeemedBy: String?
  package let redeemedAt: Double?
  package let grant: Int?
}

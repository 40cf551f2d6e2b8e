// SPDX-License-Identifier: Apache-2.0

import JWTKit

/// The claims of a JSON Web Token (RFC 7519 §4), as far as they are asked for.
struct TokenClaims: JWTPayload {
  private enum Value: Sendable {
    case text(String)
    case number(Double)
    case texts([String])
    case other
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private let values: [String: Value]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    var values: [String: Value] = [:]
    for name in container.allKeys {
      values[name.stringValue] =
        if let text = try? container.decode(String.self, forKey: name) {
          .text(text)
        } else if let number = try? container.decode(Double.self, forKey: name) {
          .number(number)
        } else if let texts = try? container.decode([String].self, forKey: name) {
          .texts(texts)
        } else {
          .other
        }
    }
    self.values = values
  }

  /// JWTKit asks for both directions; this node issues no tokens.
  func encode(to encoder: any Encoder) throws {
    throw EncodingError.invalidValue(
      self, EncodingError.Context(codingPath: [], debugDescription: "claims are only read"))
  }

  /// Judged by `TokenVerifier`, which knows the issuer and the time.
  func verify(using algorithm: some JWTAlgorithm) {}

  func text(_ name: String) -> String? {
    guard case .text(let text) = values[name] else { return nil }
    return text
  }

  /// One value or several, as `aud` may be.
  func texts(_ name: String) -> [String] {
    switch values[name] {
    case .text(let text): [text]
    case .texts(let texts): texts
    default: []
    }
  }

  func has(_ name: String) -> Bool { values[name] != nil }

  func number(_ name: String) -> Double? {
    guard case .number(let number) = values[name] else { return nil }
    return number
  }
}

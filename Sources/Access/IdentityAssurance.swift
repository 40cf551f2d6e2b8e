// SPDX-License-Identifier: Apache-2.0

/// How surely we know who is calling: a ladder, the weakest rung first. Its words are those of `--demand`.
package enum IdentityAssurance: String, Sendable, Hashable, CaseIterable, Codable {
  /// Anybody can say a title: never enough unless a peer was excused by name.
  case aeTitleAlone = "title"
  case aeTitleWithAddress = "address"
  case password
  /// A JSON Web Token, or what a plugged-in verifier vouches for.
  case token
  /// The private key of a registered certificate, proven in the TLS handshake.
  case certificate
}

extension IdentityAssurance: Comparable {
  /// 0 for the weakest.
  package var rung: Int {
    switch self {
    case .aeTitleAlone: 0
    case .aeTitleWithAddress: 1
    case .password: 2
    case .token: 3
    case .certificate: 4
    }
  }

  package static func < (lower: Self, higher: Self) -> Bool { lower.rung < higher.rung }
}

extension IdentityAssurance: CustomStringConvertible {
  package var description: String {
    switch self {
    case .aeTitleAlone: "an AE title alone"
    case .aeTitleWithAddress: "an AE title with its address"
    case .password: "a password"
    case .token: "a token"
    case .certificate: "a TLS certificate"
    }
  }
}

extension IdentityAssurance {
  /// nil where there is no such rung.
  package init?(rung: Int) {
    guard let found = Self.allCases.first(where: { $0.rung == rung }) else { return nil }
    self = found
  }
}

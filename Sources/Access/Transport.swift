// SPDX-License-Identifier: Apache-2.0

/// What an association came over.
package enum Transport: Sendable, Hashable {
  /// TCP: whoever is on the way reads along.
  case plain
  /// TLS; the peer's certificate in DER, whose chain was validated and whose key was proven, where it showed one.
  case tls(peerCertificate: [UInt8]?)

  /// Whether nobody else reads what is said.
  package var isPrivate: Bool { self != .plain }

  package var showsCertificate: Bool {
    guard case .tls(_?) = self else { return false }
    return true
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What a connection is secured by, and what it proves of the caller.
package enum Transport: Sendable, Hashable {
  /// In the clear: it proves nothing.
  case plain
  /// TLS; the certificate is the caller's, DER, verified against this node's client authorities, its revocation list and the
  /// clock, and the caller holds its key. nil where the caller showed none.
  case tls(certificate: [UInt8]?)

  package var isTLS: Bool { self != .plain }
}

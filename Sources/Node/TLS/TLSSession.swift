// SPDX-License-Identifier: Apache-2.0

import Logging

/// What a TLS connection came to: its version, and who the peer is if it showed a certificate.
package struct TLSSession: Sendable, Hashable {
  package enum Version: String, Sendable { case tls12 = "TLS 1.2", tls13 = "TLS 1.3" }

  package let version: Version
  /// On the server's side, the verified caller; nil where none was asked for or shown.
  package let identity: TLSIdentity?

  package init(version: Version, identity: TLSIdentity?) {
    self.version = version
    self.identity = identity
  }
}

extension Logger {
  /// Each line says how its connection is secured, and whose certificate it is.
  func naming(_ session: TLSSession?) -> Logger {
    guard let session else { return self }
    var logger = self
    logger[metadataKey: "tls"] = "\(session.version.rawValue)"
    if let identity = session.identity {
      logger[metadataKey: "certificate"] = "\(identity.subject), SHA-256 \(identity.fingerprint)"
    }
    return logger
  }
}

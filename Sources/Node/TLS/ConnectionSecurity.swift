// SPDX-License-Identifier: Apache-2.0

import Access
import Logging

/// What stands below an association: nothing, or TLS that is still to be agreed on.
enum ConnectionSecurity: Sendable {
  case plain
  case tls(TLSConnection)

  /// Throws `TLSFailure` where the handshake is not done, or was refused.
  var transport: Transport {
    get throws(TLSFailure) {
      guard case .tls(let connection) = self else { return .plain }
      if let failure = connection.failure { throw failure }
      guard let session = connection.session else { throw TLSFailure("has not completed the TLS handshake") }
      return .tls(peerCertificate: session.certificate?.der)
    }
  }
}

extension Logger {
  /// Each line says how its connection is secured, and whose certificate it is.
  func naming(_ security: ConnectionSecurity) -> Logger {
    guard case .tls(let connection) = security, let session = connection.session else { return self }
    var logger = self
    logger[metadataKey: "tls"] = "\(session.version.rawValue)"
    if let certificate = session.certificate { logger[metadataKey: "certificate"] = "\(certificate)" }
    return logger
  }
}

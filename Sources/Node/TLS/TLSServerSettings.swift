// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What the TLS port is told: where it is, who this node is there, and whose certificates it takes.
package struct TLSServerSettings: Sendable {
  package let port: Int
  package let certificateFile: String
  package let keyFile: String
  /// The authorities that client certificates must come from; nil asks callers for none.
  package let clientCAFile: String?
  package let requiresClientCertificate: Bool
  /// For the whole handshake, not for each read.
  package let handshakeTimeout: TimeAmount
  /// How often, at most, a new connection makes the node look whether the files have changed.
  package let reloadInterval: TimeAmount

  package init(
    port: Int, certificateFile: String, keyFile: String, clientCAFile: String? = nil,
    requiresClientCertificate: Bool = false, handshakeTimeout: TimeAmount = .seconds(10),
    reloadInterval: TimeAmount = .seconds(2)
  ) {
    self.port = port
    self.certificateFile = certificateFile
    self.keyFile = keyFile
    self.clientCAFile = clientCAFile
    self.requiresClientCertificate = requiresClientCertificate
    self.handshakeTimeout = handshakeTimeout
    self.reloadInterval = reloadInterval
  }
}

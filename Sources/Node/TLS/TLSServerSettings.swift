// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What the TLS port is told: where it is, who this node is there, and whose certificates it takes.
package struct TLSServerSettings: Sendable {
  /// What is asked of callers.
  package enum ClientCertificates: String, Sendable, CaseIterable {
    /// No certificate is asked for.
    case none
    /// One that is shown has to be good.
    case accept
    /// One has to be shown.
    case require
  }

  package internal(set) var port: Int
  package let certificateFile: String
  package let keyFile: String
  package let clientCertificates: ClientCertificates
  /// The authorities that client certificates must come from; needed where any are asked for.
  package let clientCAFile: String?
  /// Certificates that these authorities took back.
  package let revocationListFile: String?
  package let minimumVersion: TLSProtocolVersion
  /// For the whole handshake, not for each read.
  package let handshakeTimeout: TimeAmount
  /// How often, at most, a new connection makes the node look whether the files have changed.
  package let reloadInterval: TimeAmount

  /// Throws where whose certificates are asked for is not said, or said for nothing.
  package init(
    port: Int, certificateFile: String, keyFile: String, clientCertificates: ClientCertificates = .none,
    clientCAFile: String? = nil, revocationListFile: String? = nil, minimumVersion: TLSProtocolVersion = .tls12,
    handshakeTimeout: TimeAmount = .seconds(10), reloadInterval: TimeAmount = .seconds(2)
  ) throws(OperationError) {
    guard (clientCertificates == .none) == (clientCAFile == nil) else {
      throw OperationError(
        clientCAFile == nil
          ? "tlsClientCertificates is '\(clientCertificates.rawValue)': whose? Set tlsClientCA to their authorities' file"
          : "tlsClientCA is set and no client certificate is asked for: set tlsClientCertificates to accept or require")
    }
    guard revocationListFile == nil || clientCAFile != nil else {
      throw OperationError("tlsRevocationList is about client certificates, and none are asked for")
    }
    self.port = port
    self.certificateFile = certificateFile
    self.keyFile = keyFile
    self.clientCertificates = clientCertificates
    self.clientCAFile = clientCAFile
    self.revocationListFile = revocationListFile
    self.minimumVersion = minimumVersion
    self.handshakeTimeout = handshakeTimeout
    self.reloadInterval = reloadInterval
  }

  var files: [String?] { [certificateFile, keyFile, clientCAFile, revocationListFile] }
}

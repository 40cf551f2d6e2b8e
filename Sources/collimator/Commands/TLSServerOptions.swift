// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NIOCore
import Node

/// The TLS port of a node, beside its plain one.
struct TLSServerOptions: ParsableArguments {
  @Option(help: "The port to listen on with TLS 1.2 and 1.3; 0 takes a free one. 2762 is DICOM's.")
  var tlsPort: Int?

  @Option(
    help: "The node's certificate, followed by those between it and its authority (PEM). Reloaded when it changes.")
  var tlsCertificate: String?

  @Option(help: "The certificate's private key (PEM, no passphrase, readable by the node's user alone).")
  var tlsKey: String?

  @Option(name: .customLong("tls-client-ca"), help: "The authorities whose client certificates are taken (PEM).")
  var tlsClientCA: String?

  @Flag(help: "Hang up on callers without a certificate of --tls-client-ca.")
  var tlsRequireClientCertificate = false

  @Option(help: "Seconds that a caller has for the TLS handshake.")
  var tlsHandshakeTimeout = 10

  var settings: TLSServerSettings? {
    guard let tlsPort, let tlsCertificate, let tlsKey else { return nil }
    return TLSServerSettings(
      port: tlsPort, certificateFile: tlsCertificate, keyFile: tlsKey, clientCAFile: tlsClientCA,
      requiresClientCertificate: tlsRequireClientCertificate,
      handshakeTimeout: .seconds(Int64(tlsHandshakeTimeout)))
  }

  func validate() throws {
    guard let tlsPort else {
      guard tlsCertificate == nil, tlsKey == nil, tlsClientCA == nil, !tlsRequireClientCertificate else {
        throw ValidationError("TLS needs a port of its own: --tls-port 2762")
      }
      return
    }
    guard (0...65535).contains(tlsPort) else { throw ValidationError("--tls-port is 0 to 65535") }
    guard tlsCertificate != nil, tlsKey != nil else {
      throw ValidationError("--tls-port needs --tls-certificate FILE and --tls-key FILE")
    }
    guard !tlsRequireClientCertificate || tlsClientCA != nil else {
      throw ValidationError("--tls-require-client-certificate needs --tls-client-ca FILE: whose certificates?")
    }
    guard (1...600).contains(tlsHandshakeTimeout) else {
      throw ValidationError("--tls-handshake-timeout is 1 to 600 seconds")
    }
  }
}

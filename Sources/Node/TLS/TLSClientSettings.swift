// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOSSL

/// How a remote node is called over TLS: whom this node trusts, and who it says it is.
package struct TLSClientSettings: Sendable, Equatable {
  package enum Verification: Sendable {
    case authorityAndName
    /// Any certificate of a trusted authority, whatever node it was made for.
    case authorityAlone
    /// Any certificate from anybody: for finding out what is wrong, never for patients' data.
    case nothing
  }

  /// The authorities that the server's certificate must come from; nil takes those of this machine.
  package let caFile: String?
  package let certificateFile: String?
  package let keyFile: String?
  /// The name that the server's certificate must have, where it is not the host that is called.
  package let serverName: String?
  package let verification: Verification

  package init(
    caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil, serverName: String? = nil,
    verification: Verification = .authorityAndName
  ) {
    self.caFile = caFile
    self.certificateFile = certificateFile
    self.keyFile = keyFile
    self.serverName = serverName
    self.verification = verification
  }

  /// Reads the files, and so blocks.
  func context() throws(OperationError) -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.limitToBCP195(from: .tls12)
    configuration.certificateVerification =
      switch verification {
      case .authorityAndName: .fullVerification
      case .authorityAlone: .noHostnameVerification
      case .nothing: .none
      }
    if let serverName, Self.isAddress(serverName) {
      throw OperationError("--tls-name is a name; an address is compared with the one that is called")
    }
    if let caFile { configuration.trustRoots = .certificates(try TLSFile(path: caFile).certificates()) }
    if let certificateFile, let keyFile {
      let credentials = try TLSCredentials(certificateFile: certificateFile, keyFile: keyFile, purpose: .client)
      credentials.apply(to: &configuration)
      return try credentials.context(configuration)
    }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw OperationError("this machine's certificate authorities cannot be read; give --tls-ca FILE (\(error))")
    }
  }

  /// The name to ask for and to find in the certificate; nil for an address, which is compared with the connection's.
  func expectedName(calling host: String) -> String? {
    serverName ?? (Self.isAddress(host) ? nil : host)
  }

  private static func isAddress(_ name: String) -> Bool {
    var address = in6_addr()
    return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1
  }
}

// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// Who this node is to its peers: a certificate, those between it and its authority, and the key that proves it.
struct TLSCredentials {
  let chain: [NIOSSLCertificate]
  let key: NIOSSLPrivateKey
  private let certificateFile: String
  private let keyFile: String

  /// Reads both files and judges them as of now.
  init(certificateFile: String, keyFile: String, purpose: CertificateJudgement.Purpose) throws(OperationError) {
    self.certificateFile = certificateFile
    self.keyFile = keyFile
    chain = try TLSFile(path: certificateFile).certificates()
    key = try TLSFile(path: keyFile, isSecret: true).privateKey()
    if let leaf = chain.first, let fault = CertificateJudgement(leaf, purpose: purpose).fault {
      throw TLSFile.failure(certificateFile, fault)
    }
  }

  func apply(to configuration: inout TLSConfiguration) {
    configuration.certificateChain = chain.map { .certificate($0) }
    configuration.privateKey = .privateKey(key)
  }

  /// BoringSSL compares the key with the certificate when it is given both.
  func context(_ configuration: TLSConfiguration) throws(OperationError) -> NIOSSLContext {
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      guard case NIOSSLError.failedToLoadPrivateKey = error else {
        throw TLSFile.failure(certificateFile, "and '\(keyFile)' cannot be used: \(error)")
      }
      throw TLSFile.failure(keyFile, "is not the key of the certificate in '\(certificateFile)'")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Crypto
import NIOSSL

/// A certificate that leads to one of this node's client authorities, and whose key the caller holds.
struct ClientCertificate: Sendable, Hashable {
  let der: [UInt8]
  /// For people: subjects are not unique, fingerprints are.
  private let subject: String

  /// Of a certificate that was verified.
  init(verified certificate: NIOSSLCertificate) throws {
    der = try certificate.toDERBytes()
    subject = certificate.subjectText
  }
}

extension ClientCertificate: CustomStringConvertible {
  var description: String {
    let digits = Array("0123456789abcdef".utf8)
    let fingerprint = SHA256.hash(data: der).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return "\(subject), SHA-256 \(String(decoding: fingerprint, as: UTF8.self))"
  }
}

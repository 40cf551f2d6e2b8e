// SPDX-License-Identifier: Apache-2.0

import Crypto
import NIOSSL

/// Who a peer has proved to be: a certificate that leads to one of this node's client authorities, and whose key it holds.
package struct TLSIdentity: Sendable, Hashable {
  /// SHA-256 of the certificate's DER, 64 hexadecimal digits in lower case.
  package let fingerprint: String
  /// For people: subjects are not unique, fingerprints are.
  package let subject: String

  package init(fingerprint: String, subject: String) {
    self.fingerprint = fingerprint
    self.subject = subject
  }

  /// Of a certificate that was verified.
  init(verified certificate: NIOSSLCertificate) throws {
    let digest = SHA256.hash(data: try certificate.toDERBytes())
    let digits = Array("0123456789abcdef".utf8)
    fingerprint = String(
      decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    subject = Self.text(of: certificate.subjectName)
  }

  /// As RFC 4514 writes names, near enough for people: "CN=CT1, O=City Hospital".
  static func text(of name: [SSLCertificateName]) -> String {
    let text = name.map { "\(keyword(of: $0.type))=\($0.value)" }.joined(separator: ", ")
    // Whoever asks for a certificate chooses its name: no line breaks or control characters in logs.
    return String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
  }

  private static func keyword(of type: SSLCertificateNameType) -> String {
    switch type {
    case .commonName: "CN"
    case .organization: "O"
    case .organizationalUnit: "OU"
    case .country: "C"
    case .state: "ST"
    case .city: "L"
    case .emailAddress: "emailAddress"
    case .userId: "UID"
    default: "?"
    }
  }
}

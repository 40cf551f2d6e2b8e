// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOSSL

/// What is wrong with a certificate, in words. BoringSSL decides whether it is taken, and says no more than that it is not.
struct CertificateJudgement {
  enum Purpose {
    case server, client

    /// RFC 5280 §4.2.1.12: id-kp-serverAuth, id-kp-clientAuth, as DER.
    fileprivate var oid: [UInt8] { [0x06, 0x08, 0x2B, 6, 1, 5, 5, 7, 3, self == .server ? 1 : 2] }
    fileprivate var name: String { self == .server ? "serverAuth" : "clientAuth" }
  }

  private let certificate: NIOSSLCertificate
  private let purpose: Purpose
  private let now: time_t

  init(_ certificate: NIOSSLCertificate, purpose: Purpose, now: time_t = time(nil)) {
    self.certificate = certificate
    self.purpose = purpose
    self.now = now
  }

  /// What can be seen in the certificate itself: its validity and what it is for.
  var fault: String? {
    if certificate.notValidBefore > now { return "is not valid before \(Self.text(of: certificate.notValidBefore))" }
    if certificate.notValidAfter < now { return "expired on \(Self.text(of: certificate.notValidAfter))" }
    if !allowsPurpose { return "is not for this use: its extended key usage lacks \(purpose.name)" }
    return nil
  }

  /// Why a certificate that BoringSSL did not take was not taken.
  var refusal: String {
    if let fault { return fault }
    if certificate.issuerName == certificate.subjectName { return "is self-signed, and not among the trusted ones" }
    return "comes from '\(certificate.issuerText)', which does not lead to a trusted authority"
  }

  var daysLeft: Int { (certificate.notValidAfter &- now) / 86_400 }

  static func text(of time: time_t) -> String {
    var time = time
    var parts = tm()
    guard gmtime_r(&time, &parts) != nil else { return "?" }
    var text = [CChar](repeating: 0, count: 32)
    let count = strftime(&text, text.count, "%Y-%m-%d %H:%M UTC", &parts)
    return String(decoding: text[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// RFC 5280 §4.2.1.12: a certificate without the extension is for anything.
  private var allowsPurpose: Bool {
    let extendedKeyUsage = "2.5.29.37"
    for entry in certificate._extensions where "\(entry.objectIdentifier)" == extendedKeyUsage {
      return entry.data.withUnsafeBytes { bytes in
        bytes.indices.contains { bytes[$0...].starts(with: purpose.oid) }
      }
    }
    return true
  }
}

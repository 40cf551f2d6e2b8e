// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// Why a connection did not come to be over TLS, in words that follow "the peer" or the peer's name.
struct TLSFailure: Error, Hashable, CustomStringConvertible {
  /// What whoever called may do about it.
  enum Remedy {
    case trustItsAuthority, askItsAdministrator, showCertificate, expectAnotherName, callOverTLS, callWithoutTLS

    fileprivate func words(_ advice: CallAdvice) -> String {
      switch self {
      case .trustItsAuthority: "; if that authority is to be trusted, \(advice.authority)"
      case .askItsAdministrator: "; the node's administrator has to give it another one"
      case .showCertificate: "; \(advice.certificate)"
      case .expectAnotherName: "; is it the right node? \(advice.name)"
      case .callOverTLS: "; try \(advice.tls)"
      case .callWithoutTLS:
        "; where it is a port without TLS, \(advice.withoutTLS), or call the port that it has for TLS"
      }
    }
  }

  let description: String
  private let remedy: Remedy?

  init(_ description: String, remedy: Remedy? = nil) {
    self.description = description
    self.remedy = remedy
  }

  func advised(_ advice: CallAdvice) -> String { description + (remedy?.words(advice) ?? "") }

  /// What BoringSSL says by a reason's name. `certificate` is the peer's, if it came that far.
  init(_ error: BoringSSLError, certificate: NIOSSLCertificate?, peerIs purpose: CertificateJudgement.Purpose) {
    let text = "\(error)"
    if text.contains("CERTIFICATE_VERIFY_FAILED"), let certificate {
      let judgement = CertificateJudgement(certificate, purpose: purpose)
      description =
        "showed a certificate that is not trusted: '\(certificate.subjectText)' "
        + judgement.refusal
      remedy = purpose == .client ? nil : judgement.fault == nil ? .trustItsAuthority : .askItsAdministrator
    } else if let known = Self.reasons.first(where: { text.contains($0.name) }) {
      description = known.words
      remedy = known.name == Self.certificateRequired ? .showCertificate : nil
    } else if error == .sslError([.eofDuringHandshake]) {
      description = "closed the connection during the TLS handshake"
      remedy = nil
    } else {
      description = "failed in TLS: \(Self.names(in: text))"
      remedy = nil
    }
  }

  init(_ certificate: NIOSSLCertificate?, isNot name: String) {
    let names = certificate.map {
      $0.dnsNames.isEmpty ? $0.subjectText : $0.dnsNames.joined(separator: ", ").printable
    }
    description = "showed a certificate of '\(names ?? "?")', which is not '\(name)'"
    remedy = .expectAnotherName
  }

  private static let certificateRequired = "CERTIFICATE_REQUIRED"

  private static let reasons: [(name: String, words: String)] = [
    ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "showed no certificate, and one is required"),
    (certificateRequired, "requires a client certificate"),
    ("UNSUPPORTED_PROTOCOL", "offers no TLS 1.2 or 1.3, and nothing older is taken (PS3.15 B.12)"),
    ("ALERT_PROTOCOL_VERSION", "takes neither TLS 1.2 nor 1.3, and nothing older is offered (PS3.15 B.12)"),
    ("NO_SHARED_CIPHER", "offers no cipher suite of BCP 195: ECDHE with AES-GCM or ChaCha20 (PS3.15 B.12)"),
    ("NO_COMMON_SIGNATURE_ALGORITHMS", "takes no signature that this node's certificate can make"),
    ("WRONG_CURVE", "offers no key exchange that is taken: ECDHE with X25519, P-256 or P-384 (PS3.15 B.12)"),
    ("WRONG_VERSION_NUMBER", "sent something that is not TLS"),
    ("NO_RENEGOTIATION", "asked for renegotiation, which is not done"),
    ("ALERT_UNKNOWN_CA", "does not trust this side's certificate: its authority is not one of theirs"),
    ("ALERT_CERTIFICATE_EXPIRED", "does not trust this side's certificate: it has expired"),
    ("ALERT_UNSUPPORTED_CERTIFICATE", "does not take this side's certificate for this use"),
    ("ALERT_CERTIFICATE_REVOKED", "does not trust this side's certificate: it was revoked"),
    ("ALERT_CERTIFICATE_UNKNOWN", "does not trust this side's certificate"),
    ("ALERT_BAD_CERTIFICATE", "does not trust this side's certificate, or found no name in it that it expected"),
    ("ALERT_UNKNOWN_CERTIFICATE", "does not trust this side's certificate"),
    ("ALERT_HANDSHAKE_FAILURE", "found no cipher suite in common, or requires a client certificate"),
    ("ALERT_ACCESS_DENIED", "does not let this side's certificate in"),
  ]

  /// The names of the reasons, such as "DECRYPTION_FAILED_OR_BAD_RECORD_MAC", without the places in BoringSSL's source.
  private static func names(in text: String) -> String {
    let names = text.split(whereSeparator: { $0 == ":" || $0 == " " }).filter { word in
      word.contains("_") && word.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
    }
    return names.isEmpty ? text : names.joined(separator: ", ")
  }
}

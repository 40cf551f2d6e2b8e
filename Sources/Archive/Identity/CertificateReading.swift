// SPDX-License-Identifier: Apache-2.0

package import Access
import Crypto
import FoundationEssentials
import SwiftASN1
import X509

extension CertificateFingerprint {
  /// Of a certificate in DER, as TLS hands it over.
  package init(ofDER der: [UInt8]) {
    self.init(digest: SHA256.hash(data: der))
  }
}

extension Credential {
  /// Of the certificate whose key the TLS handshake has proven, in DER.
  init(certificate der: [UInt8]) {
    let subject = (try? Certificate(derEncoded: der))?.subjectInOneLine ?? "a subject that cannot be read"
    self = .certificate(CertificateFingerprint(ofDER: der), subject: subject)
  }
}

extension UserCertificate {
  /// From a file that holds one certificate in PEM.
  package init(pem: String) throws {
    guard let document = try? PEMDocument(pemString: pem), document.discriminator == "CERTIFICATE",
      let certificate = try? Certificate(derEncoded: document.derBytes)
    else {
      throw ArchiveError("this is no certificate in PEM ('-----BEGIN CERTIFICATE-----')")
    }
    self.init(
      fingerprint: CertificateFingerprint(ofDER: document.derBytes), subject: certificate.subjectInOneLine,
      notAfter: certificate.notValidAfter.timeIntervalSince1970)
  }
}

extension Certificate {
  /// Whoever asks for a certificate chooses its name: nothing of it may end a line or move a cursor.
  fileprivate var subjectInOneLine: String {
    String(
      String.UnicodeScalarView(
        subject.description.unicodeScalars.prefix(256).map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: "?"
          default: scalar
          }
        }))
  }
}

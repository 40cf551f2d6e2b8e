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

extension UserCertificate {
  /// From a file that holds one certificate in PEM.
  package init(pem: String) throws {
    guard let document = try? PEMDocument(pemString: pem), document.discriminator == "CERTIFICATE",
      let certificate = try? Certificate(derEncoded: document.derBytes)
    else {
      throw ArchiveError("this is no certificate in PEM ('-----BEGIN CERTIFICATE-----')")
    }
    self.init(
      fingerprint: CertificateFingerprint(ofDER: document.derBytes), subject: certificate.subject.description,
      notAfter: certificate.notValidAfter.timeIntervalSince1970)
  }
}

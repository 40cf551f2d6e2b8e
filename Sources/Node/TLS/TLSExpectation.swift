// SPDX-License-Identifier: Apache-2.0

/// What this side wants to see of the other in a handshake, beyond what BoringSSL verifies.
struct TLSExpectation {
  let peer: CertificateJudgement.Purpose
  let asksForCertificate: Bool
  var requiresCertificate = false
  /// The DNS name that a server's certificate must have; nil where none was asked for, or an address.
  var expectedName: String?
  var revoked: RevocationList?
}

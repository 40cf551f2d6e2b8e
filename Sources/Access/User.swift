// SPDX-License-Identifier: Apache-2.0

/// Somebody to whom grants can be given, whichever peer they call through. Times are seconds since 1970.
package struct User: Sendable, Hashable {
  package let name: String
  package let hasPassword: Bool
  package let created: Double
  package let createdBy: String
  package let isLocked: Bool
  /// Wrong passwords in a row.
  package let failedLogins: Int
  /// Until when no password is taken, where that lies ahead.
  package let lockedUntil: Double?
  package let certificates: [UserCertificate]
  package let groups: [String]

  package init(
    name: String, hasPassword: Bool, created: Double, createdBy: String, isLocked: Bool, failedLogins: Int,
    lockedUntil: Double?, certificates: [UserCertificate], groups: [String]
  ) {
    self.name = name
    self.hasPassword = hasPassword
    self.created = created
    self.createdBy = createdBy
    self.isLocked = isLocked
    self.failedLogins = failedLogins
    self.lockedUntil = lockedUntil
    self.certificates = certificates
    self.groups = groups
  }
}

/// A certificate by which a user is known.
package struct UserCertificate: Sendable, Hashable {
  package let fingerprint: CertificateFingerprint
  package let subject: String
  package let notAfter: Double

  package init(fingerprint: CertificateFingerprint, subject: String, notAfter: Double) {
    self.fingerprint = fingerprint
    self.subject = subject
    self.notAfter = notAfter
  }
}

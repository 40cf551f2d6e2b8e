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
  /// To which they belong now.
  package let groups: [String]
  /// Those, and to which they will belong.
  package let memberships: [Membership]
  package let roles: [Role]
  /// Free ones, such as practice, province, registration number, e-mail, phone.
  package let attributes: [String: String]
  package let links: [PatientLink]

  package init(
    name: String, hasPassword: Bool, created: Double, createdBy: String, isLocked: Bool, failedLogins: Int,
    lockedUntil: Double?, certificates: [UserCertificate], groups: [String], memberships: [Membership] = [],
    roles: [Role] = [], attributes: [String: String] = [:], links: [PatientLink] = []
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
    self.memberships = memberships
    self.roles = roles
    self.attributes = attributes
    self.links = links
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

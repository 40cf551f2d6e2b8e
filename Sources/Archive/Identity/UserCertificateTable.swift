// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import GRDB

/// The certificates by which users are known.
enum UserCertificateTable {
  static func insert(_ certificate: UserCertificate, of principal: Int64, in database: Database) throws {
    if let owner = try user(with: certificate.fingerprint, in: database) {
      throw ArchiveError("this certificate belongs to the user '\(owner.name)' already")
    }
    try database.execute(
      sql: "INSERT INTO user_certificate (fingerprint, user, subject, not_after) VALUES (?, ?, ?, ?)",
      arguments: [Data(certificate.fingerprint.bytes), principal, certificate.subject, certificate.notAfter])
  }

  static func remove(_ fingerprint: CertificateFingerprint, of principal: Int64, in database: Database) throws {
    try database.execute(
      sql: "DELETE FROM user_certificate WHERE fingerprint = ? AND user = ?",
      arguments: [Data(fingerprint.bytes), principal])
    guard database.changesCount == 1 else {
      throw ArchiveError("the user has no certificate with this fingerprint: see collimator user show")
    }
  }

  static func certificates(of principal: Int64, in database: Database) throws -> [UserCertificate] {
    try Row.fetchAll(
      database, sql: "SELECT fingerprint, subject, not_after FROM user_certificate WHERE user = ? ORDER BY not_after",
      arguments: [principal]
    ).compactMap { row in
      CertificateFingerprint(row[0] as Data).map {
        UserCertificate(fingerprint: $0, subject: row[1], notAfter: row[2])
      }
    }
  }

  /// Whose certificate this is, until when, and whether they are locked.
  static func user(
    with fingerprint: CertificateFingerprint, in database: Database
  ) throws -> (principal: Int64, name: String, notAfter: Double, isLocked: Bool)? {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT user.principal, name, not_after, locked_at IS NOT NULL FROM user_certificate
        JOIN user ON user.principal = user_certificate.user JOIN principal ON id = user.principal
        WHERE fingerprint = ?
        """, arguments: [Data(fingerprint.bytes)])
    return row.map { row in (row[0], row[1], row[2], row[3]) }
  }
}

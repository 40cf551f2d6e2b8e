// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

extension Administration {
  /// A user without a password is known by certificates or tokens alone.
  package func addUser(_ name: String, password: Secret?, certificate: UserCertificate? = nil) async throws {
    try requireValid(certificate)
    let hash = try await hash(password)
    let time = now()
    try await database.write { database in
      let principal = try UserTable.insert(name, password: hash, by: user.name, at: time, in: database)
      if let certificate { try UserCertificateTable.insert(certificate, of: principal, in: database) }
      let facts = AuditFacts([
        ("password", hash == nil ? "none" : "set"), ("certificate", certificate?.words),
      ])
      try record("user added", "'\(name)'\(facts.more)", in: database)
    }
  }

  package func users() async throws -> [User] {
    let time = now()
    return try await database.read { database in try UserTable.all(at: time, in: database) }
  }

  package func removeUser(_ name: String) async throws {
    try await remove(name, kind: "user")
  }

  /// Holds at the next request, also of associations that are open.
  package func lockUser(_ name: String) async throws {
    let time = now()
    try await database.write { database in
      try UserTable.lock(name, by: user.name, at: time, in: database)
      try record("user locked", "'\(name)'", in: database)
    }
  }

  /// Ends a lock too.
  package func unlockUser(_ name: String) async throws {
    try await database.write { database in
      let before = try UserTable.lockFacts(of: name, in: database)
      try UserTable.unlock(name, in: database)
      try record("user unlocked", "'\(name)'\(before.more)", in: database)
    }
  }

  package func setPassword(_ password: Secret, ofUser name: String) async throws {
    _ = try await database.read { database in try UserTable.principal(of: name, in: database) }
    guard let hash = try await hash(password) else { return }
    try await database.write { database in
      try UserTable.setPassword(hash, of: UserTable.principal(of: name, in: database), in: database)
      try record("password changed", "of '\(name)'", in: database)
    }
  }

  package func addCertificate(_ certificate: UserCertificate, toUser name: String) async throws {
    try requireValid(certificate)
    try await database.write { database in
      try UserCertificateTable.insert(
        certificate, of: UserTable.principal(of: name, in: database), in: database)
      try record("certificate added", "of '\(name)': \(certificate.words)", in: database)
    }
  }

  package func removeCertificate(_ fingerprint: CertificateFingerprint, ofUser name: String) async throws {
    try await database.write { database in
      let principal = try UserTable.principal(of: name, in: database)
      let known = try UserCertificateTable.certificates(of: principal, in: database).first {
        $0.fingerprint == fingerprint
      }
      try UserCertificateTable.remove(fingerprint, of: principal, in: database)
      try record("certificate removed", "of '\(name)': \(known?.words ?? "\(fingerprint)")", in: database)
    }
  }

  package func addTokenIssuer(_ issuer: TokenIssuer) async throws {
    guard !issuer.issuer.isEmpty, !issuer.audience.isEmpty, !issuer.userClaim.isEmpty, !issuer.algorithms.isEmpty else {
      throw ArchiveError("a token issuer has a name, an audience, a claim that names the user, and an algorithm")
    }
    let keys = try TokenKeys(issuer.key)
    for algorithm in issuer.algorithms.sorted(by: { $0.rawValue < $1.rawValue }) {
      guard await !keys.candidates(for: algorithm).isEmpty else {
        throw ArchiveError(
          "the key is no public key for \(algorithm.rawValue): give one in PEM (RSA of 2048 bits or more) or a JSON Web "
            + "Key Set, and with --algorithm what it is for")
      }
    }
    try await database.write { database in
      try TokenIssuerTable.insert(issuer, in: database)
      try record("token issuer added", "'\(issuer.issuer)'\(AuditFacts(issuer).more)", in: database)
    }
  }

  package func tokenIssuers() async throws -> [TokenIssuer] {
    try await database.read { database in try TokenIssuerTable.all(in: database) }
  }

  package func removeTokenIssuer(_ issuer: String) async throws {
    try await database.write { database in
      let known = try TokenIssuerTable.issuer(issuer, in: database).map { AuditFacts($0) }
      try TokenIssuerTable.remove(issuer, in: database)
      try record("token issuer removed", "'\(issuer)'\(known?.more ?? "")", in: database)
    }
  }

  private func requireValid(_ certificate: UserCertificate?) throws(ArchiveError) {
    guard let certificate else { return }
    guard certificate.notAfter > now() else { throw ArchiveError("this certificate has expired: it proves nothing") }
  }

  /// Refuses what is guessed in a moment, and what PS3.7 D.3.3.7.1 could not carry.
  private func hash(_ password: Secret?) async throws -> PasswordHash? {
    guard let password else { return nil }
    guard (8...1024).contains(password.bytes.count) else { throw ArchiveError("a password has 8 to 1024 characters") }
    return try await passwords.hash(password)
  }
}

extension UserCertificate {
  /// For the record.
  fileprivate var words: String { "\(fingerprint)\(AuditFacts(self).more)" }
}

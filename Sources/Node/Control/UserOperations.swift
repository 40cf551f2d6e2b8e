// SPDX-License-Identifier: Apache-2.0

import Access
import Archive

/// Performs what is asked about users and about those whose tokens are believed.
struct UserOperations: Sendable {
  let administration: Administration

  func result(of operation: Operation) async throws -> OperationResult {
    switch operation {
    case .addUser(let draft): return try await add(draft)
    case .listUsers: return .users(try await administration.users().map(UserListing.init))
    case .setPassword(let password, let name):
      try await administration.setPassword(password, ofUser: name)
      return .done("'\(name)' has a new password.")
    case .addCertificate(let pem, let name):
      let certificate = try UserCertificate(pem: pem)
      try await administration.addCertificate(certificate, toUser: name)
      return .done("'\(name)' is known by \(certificate.fingerprint), '\(certificate.subject)'.")
    case .removeCertificate(let fingerprint, let name):
      guard let fingerprint = CertificateFingerprint(fingerprint) else {
        throw OperationError("a fingerprint is a SHA-256 of 64 hexadecimal digits: see collimator user show '\(name)'")
      }
      try await administration.removeCertificate(fingerprint, ofUser: name)
      return .done("'\(name)' is no longer known by this certificate.")
    case .lockUser(let name):
      try await administration.lockUser(name)
      return .done("'\(name)' is locked out, from the next request on.")
    case .unlockUser(let name):
      try await administration.unlockUser(name)
      return .done("'\(name)' may call again.")
    case .removeUser(let name):
      try await administration.removeUser(name)
      return .done("'\(name)' is no user any more.")
    case .addIssuer(let draft):
      try await administration.addTokenIssuer(TokenIssuer(draft))
      return .done("tokens of '\(draft.issuer)' for '\(draft.audience)' are believed.")
    case .listIssuers: return .issuers(try await administration.tokenIssuers().map(IssuerListing.init))
    case .removeIssuer(let name):
      try await administration.removeTokenIssuer(name)
      return .done("tokens of '\(name)' are no longer believed.")
    default: throw OperationError("this is no operation on users")
    }
  }

  private func add(_ draft: UserDraft) async throws -> OperationResult {
    let certificate = try draft.certificate.map { try UserCertificate(pem: $0) }
    try await administration.addUser(draft.name, password: draft.password, certificate: certificate)
    let means = [draft.password.map { _ in "a password" }, certificate.map { _ in "a certificate" }].compactMap { $0 }
    let how = means.isEmpty ? "the tokens of an issuer alone" : means.joined(separator: " or ")
    return .done("'\(draft.name)' is a user, known by \(how). See collimator grant add --to '\(draft.name)'.")
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// A user whom one credential has proven.
struct ProvenUser: Sendable {
  let principal: Int64
  let name: String
  let evidence: EstablishedIdentity.Evidence
  /// nil for a certificate, which is no user identity of PS3.7.
  var serverResponse: [UInt8]?
}

/// Verifies what callers show, and holds it against what their peer demands.
final class IdentityJudge: Sendable {
  let passwords: PasswordThreads
  private let database: DatabasePool
  private let options: IdentityOptions
  private let nobody: PasswordHash
  private let now: @Sendable () -> Double

  init(database: DatabasePool, options: IdentityOptions, now: @escaping @Sendable () -> Double) {
    self.database = database
    self.options = options
    self.now = now
    passwords = PasswordThreads(cost: options.passwordCost)
    nobody = PasswordHash.ofNobody(cost: options.passwordCost)
  }

  /// Each credential has to hold; all that prove a user have to prove the same one. The strongest is what counts.
  func identify(
    _ shown: [Credential], over transport: Transport, peer: MatchedPeer
  ) async throws -> (user: ProvenUser?, identity: EstablishedIdentity) {
    var credentials = shown
    if case .tls(let certificate?) = transport { credentials.append(Credential(certificate: certificate)) }
    // What cannot suffice is not worth a hash.
    let best = credentials.map(\.provenAtBest).max() ?? .aeTitleAlone
    let ofPeer = Self.identity(of: peer)
    guard max(best, ofPeer.assurance) >= peer.peer.demand else { throw Self.tooWeak(credentials, peer) }
    var strongest: ProvenUser?
    var response: [UInt8]?
    for credential in credentials {
      guard let user = try await user(provenBy: credential, over: transport, peer: peer) else { continue }
      response = user.serverResponse ?? response
      if let other = strongest, other.principal != user.principal {
        throw IdentityRefusal(
          .contradiction, "it proves to be both '\(other.name)' and '\(user.name)': give both credentials to one user")
      }
      strongest = strongest.map { $0.assurance >= user.assurance ? $0 : user } ?? user
    }
    let identity = Self.identity(of: peer, user: strongest, response: response)
    guard identity.assurance >= peer.peer.demand else { throw Self.tooWeak(credentials, peer) }
    return (strongest, identity)
  }

  /// nil for what proves nothing: a bare name, and a certificate that no user has.
  private func user(
    provenBy credential: Credential, over transport: Transport, peer: MatchedPeer
  ) async throws -> ProvenUser? {
    guard transport.isPrivate || peer.peer.allowsCleartextPasswords || !credential.canBeReplayed else {
      throw IdentityRefusal(
        .secretInTheClear,
        "it sent \(credential) without TLS, which the peer '\(peer.peer.name)' is not excused from")
    }
    switch credential {
    // PS3.7 D.3.3.7: a positive response says that the identity was verified. Nothing verifies a bare name, so that none is
    // sent even where it is asked for: a requestor that insists is told the truth, and can show a password.
    case .username: return nil
    case .unintelligible(let what): throw IdentityRefusal(.unsupported, "it came with \(what)")
    case .certificate(let fingerprint, _): return try await user(with: fingerprint)
    case .usernameAndPasscode(let name, let passcode):
      return try await user(named: name, passcode: passcode, peer: peer)
    case .jwt(let token): return try await user(of: token)
    case .kerberos(let ticket):
      let verified = try await options.kerberos.verify(ticket)
      return try await user(verified, by: .kerberos)
    case .saml(let assertion):
      let verified = try await options.saml.verify(assertion)
      return try await user(verified, by: .saml)
    }
  }

  private func user(with fingerprint: CertificateFingerprint) async throws -> ProvenUser? {
    let found = try await database.read { try UserCertificateTable.user(with: fingerprint, in: $0) }
    guard let found else { return nil }
    guard !found.isLocked else {
      throw IdentityRefusal(.lockedUser, "the user '\(found.name)' is locked")
    }
    guard now() < found.notAfter else {
      throw IdentityRefusal(.expiredCertificate, "the certificate of the user '\(found.name)' has expired")
    }
    return ProvenUser(principal: found.principal, name: found.name, evidence: .certificate(fingerprint))
  }

  private func user(named name: String, passcode: Secret, peer: MatchedPeer) async throws -> ProvenUser {
    let (asked, address) = (now(), peer.address)
    let stored = try await database.read { database in
      try AddressTable.requirePatience(with: address, at: asked, in: database)
      // What is no name is nobody's: to SQLite it would end at its first NUL, and could be another one.
      return PrincipalTable.isName(name) ? try UserTable.password(of: name, in: database) : nil
    }
    let hash = stored?.hash ?? nobody
    let isRight = try await passwords.matches(passcode, hash, peer: peer.principal)
    let time = now()
    return try await database.write { database -> Result<ProvenUser, IdentityRefusal> in
      guard let principal = stored?.principal else {
        try AddressTable.tally(address, at: time, in: database)
        // The name is not said: people type passwords into the wrong field.
        return .failure(IdentityRefusal(.unknownUser, "no user with a password has the name that it gave"))
      }
      return try LoginTable.settle(
        principal, name: name, hash: hash, isRight: isRight, from: address, at: time, in: database)
    }.get()
  }

  private func user(of token: Secret) async throws -> ProvenUser {
    let unverified = try UnverifiedToken(token)
    guard let name = unverified.issuer,
      let issuer = try await database.read({ try TokenIssuerTable.issuer(name, in: $0) })
    else {
      throw IdentityRefusal(.unknownIssuer, "nobody whose tokens are believed issued its token")
    }
    let user = try await TokenVerifier(issuer: issuer, now: now()).verify(unverified)
    return try await self.user(VerifiedUser(name: user), by: .token(issuer: issuer.issuer))
  }

  private func user(_ verified: VerifiedUser, by evidence: EstablishedIdentity.Evidence) async throws -> ProvenUser {
    guard PrincipalTable.isName(verified.name) else {
      throw IdentityRefusal(.unknownUser, "what it proves is no name that a user can have")
    }
    let found = try await database.read { database in
      try Row.fetchOne(
        database,
        sql: "SELECT principal, locked_at IS NOT NULL FROM user JOIN principal ON id = principal WHERE name = ?",
        arguments: [verified.name]
      ).map { row in (principal: row[0] as Int64, isLocked: row[1] as Bool) }
    }
    guard let found else {
      throw IdentityRefusal(.unknownUser, "'\(verified.name)' was proven, and is no user here: collimator user add")
    }
    guard !found.isLocked else { throw IdentityRefusal(.lockedUser, "the user '\(verified.name)' is locked") }
    return ProvenUser(
      principal: found.principal, name: verified.name, evidence: evidence, serverResponse: verified.serverResponse)
  }

  private static func identity(
    of peer: MatchedPeer, user: ProvenUser? = nil, response: [UInt8]? = nil
  ) -> EstablishedIdentity {
    EstablishedIdentity(
      principalName: user?.name ?? peer.peer.name,
      evidence: user?.evidence ?? (peer.isAtItsAddress ? .aeTitleAndAddress : .aeTitle), serverResponse: response)
  }

  private static func tooWeak(_ credentials: [Credential], _ peer: MatchedPeer) -> IdentityRefusal {
    for case .certificate(let fingerprint, let subject) in credentials where peer.peer.demand == .certificate {
      return IdentityRefusal(
        .unknownCertificate,
        "no user has its certificate of '\(subject)' (\(fingerprint)): collimator user certificate")
    }
    let shown = credentials.isEmpty ? "nothing but its title" : credentials.map(\.description).joined(separator: ", ")
    return IdentityRefusal(
      .tooWeak, "the peer '\(peer.peer.name)' demands \(peer.peer.demand), and it showed \(shown)")
  }
}

extension ProvenUser {
  fileprivate var assurance: IdentityAssurance {
    EstablishedIdentity(principalName: name, evidence: evidence).assurance
  }
}

extension Credential {
  fileprivate var provenAtBest: IdentityAssurance {
    switch self {
    case .certificate: .certificate
    case .username, .unintelligible: .aeTitleAlone
    case .usernameAndPasscode: .password
    case .kerberos, .saml, .jwt: .token
    }
  }

  /// Whether whoever reads it on the way can use it: a Kerberos ticket is bound to a key that does not travel.
  fileprivate var canBeReplayed: Bool {
    switch self {
    case .usernameAndPasscode, .jwt, .saml: true
    case .certificate, .username, .kerberos, .unintelligible: false
    }
  }
}

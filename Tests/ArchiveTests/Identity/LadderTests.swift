// SPDX-License-Identifier: Apache-2.0

import Access
import Testing

@testable import Archive

@Suite struct LadderTests {
  /// What a caller shows; all of the user 'weber' unless it says otherwise.
  enum Shown: CaseIterable {
    case nothing, nameAlone, password, token, certificate, certificateAndPassword, certificateAndToken
    case wrongPassword, unknownUser, emptyPassword, badToken, expiredCertificate, anothersPassword, kerberos, saml,
      unknownType
    /// Of no user: proves nothing, and is no reason to refuse.
    case strangeCertificate

    /// The rung that it reaches; nil for what never holds.
    var rung: IdentityAssurance? {
      switch self {
      case .nothing, .nameAlone, .strangeCertificate: .aeTitleWithAddress
      case .password: .password
      case .token: .token
      case .certificate, .certificateAndPassword, .certificateAndToken: .certificate
      default: nil
      }
    }

    var isSecret: Bool {
      switch self {
      case .password, .token, .certificateAndPassword, .certificateAndToken: true
      default: false
      }
    }

    var needsTLS: Bool {
      switch self {
      case .certificate, .certificateAndPassword, .certificateAndToken, .strangeCertificate, .expiredCertificate,
        .anothersPassword:
        true
      default: false
      }
    }
  }

  /// Every demand, every credential, with and without TLS, excused from it or not.
  @Test(arguments: IdentityAssurance.allCases)
  func aCallerIsWhatWasProvenAndNoLess(demand: IdentityAssurance) async throws {
    let world = try await World(demand)
    for shown in Shown.allCases {
      for isTLS in [false, true] where isTLS || !shown.needsTLS {
        for isExcused in [false, true] {
          let what = "\(shown), demand \(demand), TLS \(isTLS), excused \(isExcused)"
          let result = try await world.result(of: shown, isTLS: isTLS, isExcused: isExcused)
          let mayBeSaid = isTLS || isExcused || !shown.isSecret
          if let rung = shown.rung, mayBeSaid, rung >= demand {
            let caller = try #require(try? result.get(), "\(what): \(result)")
            #expect(caller.identity.assurance == rung, "\(what)")
            #expect((caller.principal == caller.peer) == (rung < .password), "\(what)")
            #expect(caller.identity.principalName == (rung < .password ? caller.peerName : "weber"), "\(what)")
          } else {
            #expect(result.refusal != nil, "\(what)")
          }
        }
      }
    }
    try await world.archive.close()
  }

  @Test func aRefusalSaysWhyAndNeverTheSecret() async throws {
    let world = try await World(.aeTitleWithAddress)
    for (shown, isTLS, kind) in [
      (.wrongPassword, true, .wrongPassword), (.unknownUser, true, .unknownUser), (.password, false, .secretInTheClear),
      (.token, false, .secretInTheClear), (.saml, true, .unsupported), (.kerberos, true, .unsupported),
      (.kerberos, false, .unsupported), (.unknownType, false, .unsupported), (.anothersPassword, true, .contradiction),
      (.expiredCertificate, true, .expiredCertificate), (.badToken, true, .malformedToken),
    ] as [(Shown, Bool, IdentityRefusal.Kind)] {
      let result = try await world.result(of: shown, isTLS: isTLS, isExcused: false)
      let refusal = try #require(result.refusal, "\(shown)")
      #expect(refusal.kind == kind, "\(shown): \(refusal)")
      #expect(!"\(refusal)".contains("planted"), "\(refusal)")
    }
    try await world.archive.close()
  }

  /// SQLite compares a text up to its first NUL: what stands behind it would be in the log, and hide from the audit who it was.
  @Test func whatIsNoNameIsNobodys() async throws {
    let world = try await World(.aeTitleWithAddress)
    for name in ["weber\0planted", "weber\0\nplanted", "weber\0", "weber\n", "\0weber", ""] {
      for passcode in ["right password", "wrong password"] {
        let refusal = try await world.archive.identify([.password(name, passcode)], as: "EXCUSED").refusal
        #expect(refusal?.kind == .unknownUser, "\(name.debugDescription): \(String(describing: refusal))")
        #expect(refusal?.description.contains("planted") == false)
      }
    }
    try await world.archive.close()
  }

  /// A title alone is nobody, but where an administrator said so by name.
  @Test func aTitleAloneIsNeverEnoughByDefault() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.addPeer("SAFE")
    try await archive.addPeer("LAX", addresses: [], demand: .aeTitleAlone)
    guard case .wrongAddress = try await archive.peer(callingAETitle: "SAFE", address: "192.0.2.1") else {
      Issue.record("a title from anywhere was taken")
      return
    }
    #expect(try await archive.identify([], as: "LAX", from: "192.0.2.1").evidence == .aeTitle)
    await #expect(throws: ArchiveError.self) { try await archive.addPeer("LAX", addresses: [], demand: .aeTitleAlone) }
    let administration = archive.administration(as: .current)
    await #expect(throws: ArchiveError.self) {
      try await administration.setPeer("LAX", demand: .password, allowsCleartextPasswords: nil)
    }
    try await administration.setPeer("SAFE", demand: .password, allowsCleartextPasswords: nil)
    #expect(try await archive.identify([], as: "SAFE").refusal?.kind == .tooWeak)
    try await archive.close()
  }

  /// Whoever writes a verifier of SAML assertions plugs it in here.
  @Test func aVerifierThatIsPluggedInIsAsked() async throws {
    struct Everybody: IdentityVerifier {
      func verify(_ evidence: Secret) async throws(IdentityRefusal) -> VerifiedUser {
        VerifiedUser(name: String(decoding: evidence.bytes, as: UTF8.self), serverResponse: [1, 2])
      }
    }
    var options = IdentityOptions.cheap
    options.saml = Everybody()
    let test = TestArchive()
    let archive = try test.open(options)
    try await archive.addPeer(demand: .token)
    try await archive.administration(as: .current).addUser("weber", password: nil)
    let caller = try await archive.identify([.saml(Secret("weber"))]).get()
    #expect(caller.identity.evidence == .saml)
    #expect(caller.identity.serverResponse == [1, 2])
    #expect(try await archive.identify([.saml(Secret("nobody"))]).refusal?.kind == .unknownUser)
    #expect(try await archive.identify([.kerberos(Secret("weber"))]).refusal?.kind == .unsupported)
    try await archive.close()
  }
}

/// Two users, an issuer, and peers that demand the same, one of which is excused from TLS.
private struct World {
  private let test = TestArchive()
  let archive: Archive
  private let issuer = TestIssuer()
  private let certificate: [UInt8]
  private let strange: [UInt8]
  private let expired: [UInt8]

  init(_ demand: IdentityAssurance) async throws {
    archive = try test.open()
    let now = test.clock.now
    try await archive.addPeer("STRICT", demand: demand, cleartext: false)
    try await archive.addPeer("EXCUSED", demand: demand, cleartext: true)
    let administration = archive.administration(as: .current)
    let (der, pem) = try TestCertificate.make("weber", until: now + 1e5)
    let (old, oldPEM) = try TestCertificate.make("weber once", until: now + 10)
    try await administration.addUser(
      "weber", password: Secret("right password"), certificate: UserCertificate(pem: pem))
    try await administration.addCertificate(UserCertificate(pem: oldPEM), toUser: "weber")
    test.clock.advance(by: 20)
    try await administration.addUser("other", password: Secret("other password"))
    try await administration.addTokenIssuer(issuer.issuer)
    certificate = der
    expired = old
    strange = try TestCertificate.make("strange", until: now + 1e5).der
  }

  func result(
    of shown: LadderTests.Shown, isTLS: Bool, isExcused: Bool
  ) async throws -> Result<Caller, IdentityRefusal> {
    // Twenty wrong passwords from one address are enough for an hour.
    test.clock.advance(by: 120)
    try await archive.administration(as: .current).unlockUser("weber")
    var over = Transport.plain
    if isTLS {
      over =
        switch shown {
        case .certificate, .certificateAndPassword, .certificateAndToken, .anothersPassword:
          .tls(peerCertificate: certificate)
        case .strangeCertificate: .tls(peerCertificate: strange)
        case .expiredCertificate: .tls(peerCertificate: expired)
        default: .tls(peerCertificate: nil)
        }
    }
    return try await archive.identify(
      try await credentials(shown), over: over, as: isExcused ? "EXCUSED" : "STRICT")
  }

  private func credentials(_ shown: LadderTests.Shown) async throws -> [Credential] {
    switch shown {
    case .nothing, .certificate, .strangeCertificate, .expiredCertificate: []
    case .nameAlone: [.username("weber")]
    case .password, .certificateAndPassword: [.password("weber", "right password")]
    case .token, .certificateAndToken: [.jwt(try await issuer.token(TestIssuer.claims(at: test.clock.now)))]
    case .wrongPassword: [.password("weber", "planted")]
    case .unknownUser: [.password("planted", "right password")]
    case .emptyPassword: [.password("weber", "")]
    case .badToken: [.jwt(Secret("planted.planted.planted"))]
    case .anothersPassword: [.password("other", "other password")]
    case .kerberos: [.kerberos(Secret("planted"))]
    case .saml: [.saml(Secret("planted"))]
    case .unknownType: [.unintelligible("a user identity of type 200")]
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct UserTests {
  /// Grants are the user's where one was proven, and the peer's where none was: never both.
  @Test func aUserSeesWhatWasGrantedToTheUser() async throws {
    let test = TestArchive()
    let archive = try test.open()
    for number in 1...3 {
      try await archive.store(TestObject(instance: "1.\(number)", series: "2.\(number)", study: "3.\(number)"))
    }
    try await archive.addPeer()
    let administration = archive.administration(as: .current)
    try await administration.addUser("weber", password: Secret("right password"))
    _ = try await administration.addGrant(to: "WS", scope: .study(uid: "3.1"), until: nil)
    _ = try await administration.addGrant(to: "weber", scope: .study(uid: "3.2"), until: nil)
    try await administration.setGroup("practice", members: ["weber"])
    _ = try await administration.addGrant(to: "practice", scope: .study(uid: "3.3"), until: nil)
    let peer = try await archive.identify([]).get()
    let user = try await archive.identify([.password("weber", "right password")]).get()
    #expect(user != peer)
    func studies(_ caller: Caller) async throws -> Set<String> {
      Set(try await archive.values(of: .studyInstanceUID, at: .study, as: caller))
    }
    #expect(try await studies(peer) == ["3.1"])
    #expect(try await studies(user) == ["3.2", "3.3"])
    #expect(try await archive.rights(of: user) == [.query])
    // Locked on an association that is open: nothing from the next request on.
    try await administration.lockUser("weber")
    #expect(try await studies(user).isEmpty)
    #expect(try await archive.rights(of: user) == [])
    #expect(try await studies(peer) == ["3.1"])
    try await administration.unlockUser("weber")
    #expect(try await studies(user) == ["3.2", "3.3"])
    // Nor through a peer that is gone.
    try await administration.removePeer("WS")
    #expect(try await studies(user).isEmpty)
    #expect(try await archive.rights(of: user) == [])
    try await archive.close()
  }

  /// Whoever takes the name of a user who was removed is somebody else, also for an association that is still open.
  @Test func aRemovedUserIsNobody() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    try await archive.addPeer()
    let administration = archive.administration(as: .current)
    try await administration.addUser("weber", password: Secret("right password"))
    _ = try await administration.addGrant(to: "weber", scope: .everything, until: nil)
    let old = try await archive.identify([.password("weber", "right password")]).get()
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: old).count == 1)
    try await administration.removeUser("weber")
    try await administration.addUser("weber", password: Secret("right password"))
    let new = try await archive.identify([.password("weber", "right password")]).get()
    #expect(old != new)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: new).isEmpty)
    _ = try await administration.addGrant(to: "weber", scope: .everything, until: nil)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: old).isEmpty)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: new).count == 1)
    try await archive.close()
  }

  @Test func certificatesAreOneUsersAlone() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let (der, pem) = try TestCertificate.make("ct1", until: test.clock.now + 100)
    let certificate = try UserCertificate(pem: pem)
    #expect(certificate.fingerprint == CertificateFingerprint(ofDER: der))
    try await administration.addUser("ct1", password: nil, certificate: certificate)
    // Nothing is left of a user whose certificate is another's.
    await #expect(throws: ArchiveError.self) {
      try await administration.addUser("ct2", password: nil, certificate: certificate)
    }
    #expect(try await administration.users().map(\.name) == ["ct1"])
    try await archive.addPeer(demand: .certificate)
    let transport = Transport.tls(peerCertificate: der)
    #expect(try await archive.identify([], over: transport).evidence == .certificate(certificate.fingerprint))
    try await administration.removeCertificate(certificate.fingerprint, ofUser: "ct1")
    #expect(try await archive.identify([], over: transport).refusal?.kind == .unknownCertificate)
    let old = try UserCertificate(pem: TestCertificate.make("old", until: test.clock.now - 1).pem)
    await #expect(throws: ArchiveError.self) { try await administration.addCertificate(old, toUser: "ct1") }
    for text in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
      #expect(throws: ArchiveError.self) { try UserCertificate(pem: text) }
    }
    try await archive.close()
  }

  /// What an administrator set up before there were users is as it was.
  @Test func anOldArchiveIsMigrated() async throws {
    let test = TestArchive()
    try FileManager.default.createDirectory(
      atPath: test.directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let old = try DatabaseQueue(path: test.directory + "/index.sqlite")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: test.directory + "/index.sqlite")
    try Schema.migrator.migrate(old, upTo: "1 first light")
    try await old.write { database in
      try database.execute(
        sql: """
          INSERT INTO principal VALUES (3, 'peer', 'WS'), (7, 'group', 'practice');
          INSERT INTO peer VALUES (3, 'WS', NULL, 2, 0);
          INSERT INTO peer_address VALUES (3, '127.0.0.1');
          INSERT INTO membership VALUES (3, 7);
          INSERT INTO access_grant (principal, grantee, scope, granted_by, granted_at)
            VALUES (7, 'practice', 'everything', 'root', 1);
          """)
    }
    try old.close()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    let caller = try await archive.identify([]).get()
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller).count == 1)
    let administration = archive.administration(as: .current)
    try await administration.addUser("weber", password: nil)
    #expect(try await archive.database.read { try PrincipalTable.id(of: "weber", in: $0) } == 8)
    // What refers to a principal still goes with it.
    try await administration.removePeer("WS")
    #expect(try await archive.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM membership") } == 0)
    #expect(try await archive.database.read { try String.fetchAll($0, sql: "PRAGMA foreign_key_check") } == [])
    try await archive.close()
  }

  /// What lies on the disk is a salted hash, and each is another.
  @Test func noPasswordIsKept() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    for name in ["a", "b"] { try await administration.addUser(name, password: Secret("planted-password")) }
    let keys = try await archive.database.read { try Data.fetchAll($0, sql: "SELECT hash FROM user") }
    #expect(Set(keys).count == 2)
    try await archive.close()
    for file in try FileManager.default.subpathsOfDirectory(atPath: test.directory) {
      let data = FileManager.default.contents(atPath: "\(test.directory)/\(file)") ?? Data()
      #expect(data.range(of: Data("planted".utf8)) == nil, "\(file)")
    }
  }

  /// RFC 7914 §12: the key derivation is the Standard's, not ours.
  @Test func scryptIsScrypt() throws {
    let hash = PasswordHash(
      salt: Array("SodiumChloride".utf8),
      key: [
        0x70, 0x23, 0xBD, 0xCB, 0x3A, 0xFD, 0x73, 0x48, 0x46, 0x1C, 0x06, 0xCD, 0x81, 0xFD, 0x38, 0xEB, 0xFD, 0xA8,
        0xFB, 0xBA, 0x90, 0x4F, 0x8E, 0x3E, 0xA9, 0xB5, 0x43, 0xF6, 0x54, 0x5D, 0xA1, 0xF2,
      ], cost: ScryptCost(rounds: 16384, blockSize: 8, parallelism: 1))
    #expect(try hash.matches(Secret("pleaseletmein")))
    #expect(try !hash.matches(Secret("pleaseletmeout")))
    #expect(try !hash.matches(Secret("")))
  }
}

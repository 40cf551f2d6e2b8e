// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import GRDB
import Testing

@testable import Archive

/// What administrators are told of who sees what, and why: it is what the predicate does, once more judged by the plain oracle.
@Suite struct AccessTellingTests {
  private let test = TestArchive()

  private func filled() async throws -> (Archive, Administration, Caller) { try await test.withOneObject() }

  /// A world in which ann has a certificate and bob a password, and each peer lets in whom chance says.
  private func world(_ seed: UInt64, _ archive: Archive) async throws -> (GrantWorld, [Int64: Peer]) {
    let layout = archive.index.layout
    return try await archive.database.write { database in
      var random = SeededGenerator(seed: seed)
      let world = try GrantWorld(&random, objects: 40, in: database, layout: layout)
      try database.execute(
        sql: """
          DELETE FROM user_certificate;
          INSERT INTO user_certificate (fingerprint, user, subject, not_after)
            SELECT zeroblob(32), id, '', 1e12 FROM principal WHERE name = 'ann';
          UPDATE user SET salt = x'00', hash = x'00', rounds = 1, block_size = 1, parallelism = 1
            WHERE principal = (SELECT id FROM principal WHERE name = 'bob');
          """)
      for peer in world.principals where peer.isPeer {
        let rights: [Rights] = [
          [.query, .retrieve], [.query, .retrieve], [.query, .retrieve, .store], .query, .retrieve, .store,
        ]
        let demands: [IdentityAssurance] = [
          .aeTitleWithAddress, .aeTitleWithAddress, .aeTitleWithAddress, .password, .certificate,
        ]
        try database.execute(
          sql: "UPDATE peer SET rights = ?, demand = ?, port = ? WHERE principal = ?",
          arguments: [
            rights.randomElement(using: &random)?.rawValue, demands.randomElement(using: &random)?.rawValue,
            Bool.random(using: &random) ? 104 : nil, peer.number,
          ])
      }
      let peers = try PeerTable.peers(in: database)
      return (world, Dictionary(peers.map { ($0.principal, $0.peer) }, uniquingKeysWith: { first, _ in first }))
    }
  }

  /// Which of a grant's rights a caller can use who comes so well known through a peer.
  private func usable(_ caller: Caller, _ peers: [Int64: Peer]) -> GrantRights {
    guard let peer = peers[caller.peer], caller.identity.assurance >= peer.demand else { return [] }
    var usable: GrantRights = []
    if peer.rights.contains(.query) { usable.insert(.query) }
    if peer.rights.contains(.retrieve) { usable.formUnion([.retrieve, .send]) }
    if peer.rights.contains(.store) { usable.insert(.add) }
    return usable
  }

  /// How many objects of a study are seen, and by which grant how many, is what the oracle says; and where a grant would open
  /// something and does not, it is said what is in the way.
  @Test func explanationsSayWhatThePredicateDoes() async throws {
    let archive = try test.openUnsafely()
    test.clock.advance(by: GrantWorld.now - test.clock.now)
    var opened = 0
    for seed in 1...12 as ClosedRange<UInt64> {
      let (world, peers) = try await world(seed, archive)
      var random = SeededGenerator(seed: seed)
      for caller in world.callers(&random) {
        let usable = usable(caller, peers)
        let all = try await archive.database.read { database in
          try Explainer(caller, at: GrantWorld.now, in: database).explain(where: "1", []).studies
        }
        for study in 0..<GrantWorld.studies {
          let uid = "1.\(study)"
          let place: Comment = "seed \(seed), \(uid), \(caller.identity) through \(caller.peerName)"
          func expected(_ right: GrantRights, grant: Int? = nil) -> Int {
            guard usable.contains(right) else { return 0 }
            return GrantOracle(world, caller, right, grant: grant).visible.count { $0.study == uid }
          }
          let explained = all.filter { $0.studyInstanceUID == uid }
          func told(_ name: String) -> Int {
            explained.flatMap(\.seen).reduce(0) { $0 + ($1.right == name ? $1.instances : 0) }
          }
          #expect(told("query") == expected(.query), place)
          #expect(told("retrieve") == expected(.retrieve), place)
          let isSent = caller.principal == caller.peer && peers[caller.peer]?.port != nil
          let sent = GrantOracle(world, caller, .retrieve).visible.count { $0.study == uid }
          #expect(told("receive") == (isSent ? sent : 0), place)
          for grant in world.grants {
            let told = explained.flatMap(\.grants).filter { $0.grant.number == grant.number }
            let rights = grant.terms.rights.intersection(usable)
            let right = [.query, .retrieve, .send, .add].first(where: rights.contains)
            // Whoever may only share does that by an administrator's hand.
            guard let right else { continue }
            let count = expected(right, grant: grant.number)
            #expect(told.reduce(0) { $0 + $1.objects } == count, "grant \(grant.number), \(place)")
            opened += count
          }
          for one in explained where one.grants.contains(where: { $0.reasons.isEmpty && $0.objects == 0 }) {
            #expect(!one.obstacles.isEmpty, place)
          }
        }
      }
    }
    #expect(opened > 50)
    try await archive.close()
  }

  /// Who sees a patient by which grant, and how much of it: everybody who does by some peer, and nobody else.
  @Test func whoSeesAPatientIsWhatThePredicateSays() async throws {
    let archive = try test.openUnsafely()
    test.clock.advance(by: GrantWorld.now - test.clock.now)
    var (told, kept) = (0, 0)
    for seed in 100...125 as ClosedRange<UInt64> {
      let (world, peers) = try await world(seed, archive)
      for (id, issuer) in GrantWorld.patients where !id.isEmpty {
        let patient = try #require(PatientIdentity(id: id, issuer: issuer))
        let access = try await archive.database.read { database in
          try PatientAccessReading(patient, at: GrantWorld.now, now: GrantWorld.now, in: database).access()
        }
        var actual: [String: Int] = [:]
        for entry in access.entries {
          for (use, count) in entry.opened ?? [:] {
            actual["\(entry.principal) \(entry.grant.number) \(use)"] = count
          }
        }
        let expected = expectedUses(ofPatient: (id, issuer), world, peers)
        #expect(actual == expected, "seed \(seed), \(id) of '\(issuer)'")
        #expect(access.objects == world.objects.count { $0.patientID == id && $0.issuer == issuer })
        #expect(Set(access.entries.map(\.principal)).isDisjoint(with: access.kept))
        told += actual.count
        kept += access.kept.count
      }
    }
    #expect(told > 50 && kept > 20, "\(told), \(kept)")
    try await archive.close()
  }

  /// By principal, grant and use.
  private func expectedUses(
    ofPatient patient: (id: String, issuer: String), _ world: GrantWorld, _ peers: [Int64: Peer]
  ) -> [String: Int] {
    var expected: [String: Int] = [:]
    func add(_ caller: Caller, _ right: GrantRights, _ use: String) {
      for grant in world.grants where grant.terms.effect == .opens {
        let count = GrantOracle(world, caller, right, grant: grant.number).visible
          .count { $0.patientID == patient.id && $0.issuer == patient.issuer }
        let key = "\(caller.identity.principalName) \(grant.number) \(use)"
        if count > 0 { expected[key] = max(expected[key] ?? 0, count) }
      }
    }
    for principal in world.principals {
      for (number, peer) in peers where !principal.isPeer || number == principal.number {
        let evidence: EstablishedIdentity.Evidence =
          switch principal.name {
          case "ann": .certificate(CertificateFingerprint(digest: [UInt8](repeating: 0, count: 32)))
          case "bob": .password
          default: .aeTitleAndAddress
          }
        let caller = Caller(
          principal: principal.number, peer: number, peerName: peer.name,
          identity: EstablishedIdentity(principalName: principal.name, evidence: evidence), aeTitle: "", address: "")
        let usable = usable(caller, peers)
        if usable.contains(.query) { add(caller, .query, "query") }
        if usable.contains(.retrieve) { add(caller, .retrieve, "retrieve") }
        if principal.isPeer, peer.port != nil { add(caller, .retrieve, "receive") }
      }
    }
    return expected
  }

  /// What keeps somebody out before any grant is asked is said.
  @Test func whatAPeerMayNotDoIsSaid() async throws {
    let (archive, administration, _) = try await filled()
    let network = try #require(Network("127.0.0.1"))
    for (name, rights, demand) in [
      ("SENDER", Rights.store, .aeTitleWithAddress), ("STRICT", [.query, .retrieve], .password),
      ("ASKER", .query, .aeTitleWithAddress),
    ] as [(String, Rights, IdentityAssurance)] {
      try await administration.addPeer(
        Peer(
          name: name, aeTitle: try #require(AETitle(name)), addresses: [network], port: nil, rights: rights,
          acceptsPrivateSOPClasses: false, demand: demand))
      _ = try await administration.addGrant(to: name, GrantTerms(.patient(id: "P1", issuer: nil)))
    }
    try await administration.addUser("anna", password: nil)
    _ = try await administration.addGrant(to: "anna", GrantTerms(.patient(id: "P1", issuer: nil)))
    for (name, seen, words) in [
      ("SENDER", 0, "may not query or retrieve"), ("STRICT", 0, "demands a password"), ("ASKER", 1, "may not retrieve"),
      ("anna", 0, "nothing proves somebody to be 'anna'"),
    ] {
      let caller = try await administration.caller(named: name, through: nil, assurance: nil)
      let study = try #require(try await administration.explain(caller, study: "1.2.3").studies.first)
      #expect(study.seen.first?.instances == seen, "\(name)")
      #expect(study.obstacles.contains { $0.contains(words) }, "\(name): \(study.obstacles)")
    }
    let access = try await administration.access(toPatient: "P1", issuer: nil, at: nil)
    #expect(access.entries.map(\.principal) == ["ASKER"])
    #expect(access.kept == ["SENDER", "STRICT", "anna"])
    try await archive.close()
  }

  /// A patient has more studies than anybody reads: how many there are is said.
  @Test func noStudyIsLeftOutSilently() async throws {
    let (archive, administration, caller) = try await filled()
    for number in 1...Explainer.mostStudies {
      try await archive.store(
        TestObject(instance: "2.\(number)", series: "3.\(number)", study: "4.\(number)", patientID: "P1"))
    }
    let explained = try await administration.explain(caller, patient: "P1", issuer: nil)
    #expect(explained.studies.count == Explainer.mostStudies)
    #expect(explained.studiesInAll == Explainer.mostStudies + 1)
    try await archive.close()
  }

  /// A user is taken to call through whichever peer lets most through.
  @Test func theMostOpenPeerIsAssumed() async throws {
    let (archive, administration, _) = try await filled()
    try await administration.addUser("anna", password: nil)
    let network = try #require(Network("127.0.0.1"))
    for (name, rights, demand) in [
      ("AA", .store, .aeTitleWithAddress), ("AB", [.query, .retrieve], .certificate),
      ("ZZ", [.query, .retrieve], .password),
    ] as [(String, Rights, IdentityAssurance)] {
      try await administration.addPeer(
        Peer(
          name: name, aeTitle: try #require(AETitle(name)), addresses: [network], port: nil, rights: rights,
          acceptsPrivateSOPClasses: false,
          demand: demand))
    }
    func through(_ assurance: IdentityAssurance?) async throws -> String {
      try await administration.caller(named: "anna", through: nil, assurance: assurance).peerName
    }
    // Nothing proves anna to be herself yet.
    #expect(try await through(nil) == "AB")
    try await administration.setPassword(Secret("correct horse battery"), ofUser: "anna")
    #expect(try await through(nil) == "ZZ")
    #expect(try await through(.password) == "ZZ")
    // One that may only query, by a title at an address.
    #expect(try await through(.aeTitleWithAddress) == "WS")
    try await archive.close()
  }

  @Test func whoCouldSeeAPatientWhen() async throws {
    let (archive, administration, _) = try await filled()
    let begin = test.clock.now
    try await administration.setGroup("clinic", members: ["WS"])
    let grant = try await administration.addGrant(to: "clinic", scope: .patient(id: "P1", issuer: nil), until: nil)
    test.clock.advance(by: 10)
    _ = try await administration.suspendGrant(grant.number)
    test.clock.advance(by: 10)
    _ = try await administration.resumeGrant(grant.number)
    test.clock.advance(by: 10)
    try await administration.setGroup("clinic", members: [])
    let seen = { (moment: Double?) in
      try await administration.access(toPatient: "P1", issuer: nil, at: moment).entries.map(\.principal)
    }
    #expect(try await seen(nil).isEmpty)
    #expect(
      try await [seen(begin - 1), seen(begin + 5), seen(begin + 15), seen(begin + 25)] == [[], ["WS"], [], ["WS"]])
    try await archive.close()
  }
}

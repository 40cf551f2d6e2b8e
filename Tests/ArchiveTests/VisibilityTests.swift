// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Testing

@testable import Archive

@Suite struct VisibilityTests {
  /// A small random world, every grant of issue and scope, held against an evaluation that looks at each row by itself.
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func theIndexAnswersAsANaiveEvaluationDoes(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let test = TestArchive()
    let archive = try test.open()
    let objects = TestWorld.objects(&random)
    for object in objects { try await archive.store(object) }
    let administration = archive.administration(as: .current)
    for number in 0..<6 {
      let name = "CALLER\(number)"
      let caller = try await archive.makeCaller(name)
      var scopes: [GrantScope] = []
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let scope = TestWorld.scope(&random)
        let fate = Int.random(in: 0...3, using: &random)
        let grant = try await administration.addGrant(
          to: name, scope: scope, until: fate == 1 ? test.clock.now + 1 : nil)
        if fate == 2 { try await administration.revokeGrant(grant.number) }
        if fate == 1 { test.clock.advance(by: 2) }
        if fate == 0 || fate == 3 { scopes.append(scope) }
      }
      let visible = objects.filter { object in scopes.contains { TestWorld.opens($0, object) } }
      try await compare(archive, caller, visible, "seed \(seed), \(name): \(scopes)")
    }
    try await archive.close()
  }

  private func compare(_ archive: Archive, _ caller: Caller, _ visible: [TestObject], _ what: String) async throws {
    let images = try await archive.values(of: .sopInstanceUID, at: .image, as: caller)
    #expect(images.sorted() == visible.map(\.instance).sorted(), "\(what)")
    let series = try await archive.values(of: .seriesInstanceUID, at: .series, as: caller)
    #expect(series.sorted() == Set(visible.map(\.series)).sorted(), "\(what)")
    let studies = try await archive.values(of: .studyInstanceUID, at: .study, as: caller)
    #expect(studies.sorted() == Set(visible.map(\.study)).sorted(), "\(what)")
    let patients = Dictionary(grouping: visible) {
      $0.patientID.isEmpty ? "\($0.study)?" : "\($0.patientID)/\($0.issuer)"
    }
    let counts = try await archive.values(of: .numberOfPatientRelatedStudies, at: .patient, as: caller)
    #expect(counts.sorted() == patients.values.map { "\(Set($0.map(\.study)).count)" }.sorted(), "\(what)")
    let instances = try await archive.values(of: .numberOfPatientRelatedInstances, at: .patient, as: caller)
    #expect(instances.sorted() == patients.values.map { "\($0.count)" }.sorted(), "\(what)")
  }

  @Test func aGroupsGrantIsItsMembers() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    let (member, stranger) = (try await archive.makeCaller("MEMBER"), try await archive.makeCaller("STRANGER"))
    let administration = archive.administration(as: .current)
    try await administration.setGroup("practice", members: ["MEMBER"])
    _ = try await administration.addGrant(to: "practice", scope: .everything, until: nil)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: member) == ["1.2.3"])
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: stranger).isEmpty)
    try await administration.setGroup("practice", members: [])
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: member).isEmpty)
    try await archive.close()
  }

  /// Each page asks again: what was revoked between two of them is not in the second.
  @Test func aRevocationIsSeenAtTheNextPage() async throws {
    let test = TestArchive()
    let archive = try test.open()
    for number in 0..<300 { try await archive.store(TestObject(instance: "1.\(number)")) }
    let caller = try await archive.makeCaller("READER")
    let administration = archive.administration(as: .current)
    let grant = try await administration.addGrant(to: "READER", scope: .everything, until: nil)
    let query = FindQuery(informationModel: .studyRoot, level: .image, keys: [], returning: [.sopInstanceUID])
    var pages = archive.reading(as: caller).find(query).makeAsyncIterator()
    #expect(try await pages.next()?.rows.count == QueryCompiler.pageSize)
    try await administration.revokeGrant(grant.number)
    #expect(try await pages.next()?.rows.isEmpty == true)
    try await archive.close()
  }

  /// A39: a NUL does not make a patient of another: "P1" and what a grant on it opens end where they end.
  @Test(arguments: Seams.Making.allCases)
  func aNULDoesNotMakeAPatientOfAnother(making: Seams.Making) async throws {
    let seams = try Seams(making)
    _ = try await seams.store(TestObject(instance: "1.1", series: "2.1", study: "3.1", patientID: "P1"))
    _ = try await seams.store(TestObject(instance: "1.2", series: "2.2", study: "3.2", patientID: "P1\0X"))
    let caller = try await seams.caller("READER")
    try await seams.open(.patient(id: "P1", issuer: nil), caller)
    #expect(try await seams.values(of: .studyInstanceUID, at: .study, as: caller) == ["3.1"])
    let key = MatchingKey(tag: .patientID, matching: .singleValue("P1\0anything"))
    #expect(try await seams.values(of: .studyInstanceUID, at: .study, as: caller, [key]).isEmpty)
  }

  /// What one study says of its patient is not told to who sees only another study of the same patient.
  @Test(arguments: Seams.Making.allCases)
  func aHiddenStudyTellsNothingOfItsPatient(making: Seams.Making) async throws {
    let seams = try Seams(making)
    _ = try await seams.store(
      TestObject(instance: "1.1", series: "2.1", study: "3.1", name: "Secret^Maiden", comment: "HIV"))
    _ = try await seams.store(
      TestObject(instance: "1.2", series: "2.2", study: "3.2", name: "Open^Name", comment: "fine"))
    let caller = try await seams.caller("READER")
    try await seams.open(.study(uid: "3.2"), caller)
    for level in [QueryRetrieveLevel.patient, .study, .series, .image] {
      #expect(try await seams.values(of: .patientName, at: level, as: caller) == ["Open^Name"], "\(level)")
      #expect(try await seams.values(of: .patientComments, at: level, as: caller) == ["fine"], "\(level)")
      let secret = MatchingKey(tag: .patientName, matching: .wildcard("Secret*"))
      #expect(try await seams.values(of: .patientName, at: level, as: caller, [secret]).isEmpty, "\(level)")
    }
  }

  /// One study UID that came under two patients is two studies: a grant on one patient does not open the other's.
  @Test(arguments: Seams.Making.allCases)
  func aStudyUnderTwoPatientsIsTwo(making: Seams.Making) async throws {
    let seams = try Seams(making)
    _ = try await seams.store(TestObject(instance: "1.1", patientID: "P1"))
    _ = try await seams.store(TestObject(instance: "1.2", patientID: "P2"))
    let caller = try await seams.caller("READER")
    try await seams.open(.patient(id: "P2", issuer: nil), caller)
    #expect(try await seams.values(of: .sopInstanceUID, at: .image, as: caller) == ["1.2"])
    #expect(try await seams.values(of: .numberOfStudyRelatedInstances, at: .study, as: caller) == ["1"])
  }

  @Test func aRemovedPeerIsNobody() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    let caller = try await archive.makeCaller("GONE")
    let administration = archive.administration(as: .current)
    _ = try await administration.addGrant(to: "GONE", scope: .everything, until: nil)
    try await administration.removePeer("GONE")
    #expect(try await archive.rights(of: caller) == [])
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller).isEmpty)
    // One of the same name that comes later does not inherit.
    let later = try await archive.makeCaller("GONE")
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: later).isEmpty)
    try await archive.close()
  }

  @Test func theSameTitleElsewhereIsAnotherPeer() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let title = try #require(AETitle("WS"))
    for (name, address) in [("ward", "10.0.0.0/24"), ("lab", "10.0.1.7")] {
      try await archive.administration(as: .current).addPeer(
        Peer(
          name: name, aeTitle: title, addresses: [try #require(Network(address))], port: nil, rights: .query,
          acceptsPrivateSOPClasses: false))
    }
    for (address, name) in [("10.0.0.9", "ward"), ("10.0.1.7", "lab")] {
      guard case .admitted(let caller, _) = try await archive.caller(callingAETitle: "WS", address: address) else {
        Issue.record("\(address) is not admitted")
        continue
      }
      #expect(caller.peerName == name)
    }
    guard case .wrongAddress = try await archive.caller(callingAETitle: "WS", address: "10.0.1.8") else {
      Issue.record("10.0.1.8 is admitted")
      return
    }
    guard case .unknownAETitle = try await archive.caller(callingAETitle: "WT", address: "10.0.1.7") else {
      Issue.record("WT is known")
      return
    }
    try await archive.close()
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Testing

@testable import Archive

@Suite struct PatientIdentityTests {
  @Test func theSendersIssuerIsAssumed() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1", study: "3.1"), issuer: "NORTH")
    try await archive.store(TestObject(instance: "1.2", study: "3.2"), issuer: "SOUTH")
    // What the object names itself counts more.
    try await archive.store(TestObject(instance: "1.3", study: "3.3", issuer: "WEST"), issuer: "SOUTH")
    try await archive.store(TestObject(instance: "1.4", study: "3.4"))
    // The same bytes as the first, but whoever sends them means another patient.
    #expect(
      try await archive.store(TestObject(instance: "1.1", study: "3.1"), issuer: "SOUTH") == .keptBesideAnother)
    #expect(try await archive.store(TestObject(instance: "1.1", study: "3.1"), issuer: "NORTH") == .alreadyStored)
    let all = try await archive.makeCaller("ALL")
    let north = try await archive.makeCaller("NORTHERN")
    let administration = archive.administration(as: .current)
    _ = try await administration.addGrant(to: "ALL", scope: .everything, until: nil)
    _ = try await administration.addGrant(to: "NORTHERN", scope: .patient(id: "P1", issuer: "NORTH"), until: nil)
    #expect(
      try await archive.values(of: .issuerOfPatientID, at: .patient, as: all).sorted()
        == ["", "NORTH", "SOUTH", "WEST"])
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: north) == ["3.1"])
    let south = MatchingKey(tag: .issuerOfPatientID, matching: .singleValue("SOUTH"))
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: all, [south]).sorted() == ["3.1", "3.2"])
    try await archive.close()
  }

  /// The index takes them for two: so does the record of who was shown what.
  @Test func twoSpellingsOfALetterAreTwoPatients() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let ids = ["M\u{FC}LLER", "MU\u{308}LLER"]
    for (number, id) in ids.enumerated() {
      // Of one study, as far as they say, so that nothing but the ID tells them apart.
      try await archive.store(TestObject(instance: "1.\(number)", series: "2.\(number)", study: "3", patientID: id))
    }
    let all = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    let spelt = { (texts: [String]) in Set(texts.map { Array($0.utf8) }) }
    let query = FindQuery(informationModel: .studyRoot, level: .series, keys: [], returning: [.patientID])
    for try await page in archive.reading(as: all).find(query) {
      #expect(spelt(page.disclosure.subjects.map(\.patientID)) == spelt(ids))
    }
    for try await page in archive.reading(as: all).instances(in: InstanceSelection(studyInstanceUIDs: ["3"])) {
      #expect(spelt(page.disclosure.subjects.map(\.patientID)) == spelt(ids))
    }
    #expect(Set(ids.compactMap { PatientIdentity(id: $0, issuer: nil) }).count == 2)
    try await archive.close()
  }

  @Test func aPeerHasADefaultIssuer() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let title = try #require(AETitle("CT1"))
    try await archive.administration(as: .current).addPeer(
      Peer(
        name: "CT1", aeTitle: title, addresses: [try #require(Network("127.0.0.1"))], port: nil, rights: [.store],
        acceptsPrivateSOPClasses: false, issuer: "NORTH"))
    guard case .admitted(let caller, let peer) = try await archive.caller(callingAETitle: "CT1", address: "127.0.0.1")
    else { return #expect(Bool(false)) }
    #expect(peer.issuer == "NORTH")
    let object = TestObject(instance: "1.1")
    let reception = try await archive.receive(object.announcement, from: .peer(caller))
    try await reception.append(object.dataSet)
    _ = try await reception.commit()
    let all = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    #expect(try await archive.values(of: .issuerOfPatientID, at: .study, as: all) == ["NORTH"])
    try await archive.close()
  }

  /// A900 is for who sees two; who sees one is not told of the other.
  @Test func anIDOfTwoVisiblePatientsNamesNobody() async throws {
    let test = TestArchive()
    let archive = try test.open()
    for (number, issuer) in ["NORTH", "SOUTH"].enumerated() {
      try await archive.store(
        TestObject(instance: "1.\(number)", series: "2.\(number)", study: "3.\(number)", issuer: issuer))
    }
    try await archive.store(TestObject(instance: "1.9", series: "2.9", study: "3.9", patientID: ""))
    let (all, north) = (try await archive.makeCaller("ALL"), try await archive.makeCaller("N"))
    let administration = archive.administration(as: .current)
    _ = try await administration.addGrant(to: "ALL", scope: .everything, until: nil)
    _ = try await administration.addGrant(to: "N", scope: .patient(id: "P1", issuer: "NORTH"), until: nil)
    let (seesBoth, seesOne) = (archive.reading(as: all), archive.reading(as: north))
    let patient = { (issuer: String) in PatientIdentity(stored: "P1", issuer: issuer, soleStudy: "") }
    let cases: [(ArchiveReader, String, String?, String?, PatientNaming)] = [
      (seesBoth, "P1", nil, nil, .several(issuers: ["NORTH", "SOUTH"])),
      (seesBoth, "P1", "SOUTH", nil, .one(patient("SOUTH"))),
      (seesBoth, "P1", nil, "NORTH", .one(patient("NORTH"))),
      (seesBoth, "P1", "SOUTH", "NORTH", .one(patient("SOUTH"))),
      (seesBoth, "P1", "EAST", nil, .nobody), (seesBoth, "", nil, nil, .nobody), (seesBoth, "P9", nil, nil, .nobody),
      (seesOne, "P1", nil, nil, .one(patient("NORTH"))), (seesOne, "P1", "SOUTH", nil, .nobody),
      (seesOne, " P1 ", nil, nil, .one(patient("NORTH"))),
    ]
    for (reader, id, issuer, assumed, naming) in cases {
      #expect(
        try await reader.patient(withID: id, issuer: issuer, defaultIssuer: assumed) == naming, "\(id) \(issuer ?? "-")"
      )
    }
    for nobody in ["", "  "] {
      await #expect(throws: ArchiveError.self) {
        try await administration.addGrant(to: "N", scope: .patient(id: nobody, issuer: nil), until: nil)
      }
    }
    try await archive.close()
  }

  /// PS3.5 §6.2: a name that was copied with the spaces around it names the same.
  @Test func spacesAroundANameDoNotCount() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"), issuer: " NORTH ")
    let administration = archive.administration(as: .current)
    for (name, scope) in [
      ("P", .patient(id: " P1 ", issuer: "NORTH ")), ("S", .study(uid: " 1.2.3 ")),
    ] as [(String, GrantScope)] {
      let caller = try await archive.makeCaller(name)
      let grant = try await administration.addGrant(to: name, scope: scope, until: nil)
      #expect([.patient(id: "P1", issuer: "NORTH"), .study(uid: "1.2.3")].contains(grant.scope))
      #expect(try await archive.values(of: .issuerOfPatientID, at: .study, as: caller) == ["NORTH"], "\(name)")
    }
    try await archive.close()
  }

  @Test func whatContradictsItselfIsReportedAndNotOverwritten() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1", study: "3.1", name: "Doe^John"))
    try await archive.store(TestObject(instance: "1.2", study: "3.1", name: "Doe^Jon", comment: "other"))
    try await archive.store(TestObject(instance: "1.3", series: "2.2", study: "3.2", name: "Roe^Jane"))
    let all = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    #expect(try await archive.values(of: .patientName, at: .study, as: all) == ["Doe^John", "Roe^Jane"])
    let differences = try await archive.corrections(as: .current).differences()
    #expect(
      differences.map { [$0.studyInstanceUID, $0.attribute, $0.value, $0.other] }
        == [
          ["3.1", "PatientName", "Doe^John", "Doe^Jon"], ["3.1", "PatientComments", "", "other"],
          ["3.2", "PatientName", "Roe^Jane", "Doe^John"],
        ])
    try await archive.close()
  }
}

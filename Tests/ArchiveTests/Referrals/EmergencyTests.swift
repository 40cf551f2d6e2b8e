// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import Testing

@testable import Archive

@Suite struct EmergencyTests {
  private let folder = TestArchive()
  private static let patient = GrantScope.patient(id: "P1", issuer: nil)

  /// By whether a veto stands, whether it holds in an emergency, and what the law says.
  @Test(
    arguments: [
      (nil, false, true), (nil, true, true), (false, false, false), (false, true, true), (true, false, false),
      (true, true, false),
    ] as [(Bool?, Bool, Bool)])
  func vetoes(holdsInEmergency: Bool?, lawOverrides: Bool, isSeen: Bool) async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    let caller = try await archive.makeCaller("TRAUMA")
    try await ReferredObject().store(in: archive)
    if let holdsInEmergency {
      _ = try await administration.record(
        ConsentDraft(kind: .veto, scope: Self.patient, holdsInEmergency: holdsInEmergency))
    }
    if lawOverrides { try await administration.setEmergencyOverridesVetoes(true) }
    let grant = try await administration.openEmergency(to: "TRAUMA", Self.patient, reason: "trauma", seconds: 3600)
    #expect(grant.terms.relationship == .emergency && grant.terms.basis.reference == "trauma")
    let seen = try await archive.values(of: .studyInstanceUID, at: .study, as: caller)
    #expect(seen == (isSeen ? ["1.1"] : []))
    let reach = try await administration.reach(ofEmergency: grant)
    #expect(reach.objects == 1 && reach.opened == (isSeen ? 1 : 0) && reach.forbidden == (isSeen ? 0 : 1))
    #expect(reach.vetoes == (isSeen ? [] : [1]))
    #expect((reach.warning == nil) == isSeen && reach.warning?.contains("NOTHING IS OPEN") ?? true, "\(reach)")
    let record = try await archive.database.read { database in
      try String.fetchOne(database, sql: "SELECT detail FROM audit WHERE act = ?", arguments: [EmergencyAct.begun])
    }
    #expect(record?.contains("VETO STANDS (consent 1)") == !isSeen, "\(record ?? "")")
    // Each time with its reason: it may be cut, and is not extended.
    for until in [nil, folder.clock.now + 7200] {
      await #expect(throws: ArchiveError.self) { try await administration.extendGrant(grant.number, until: until) }
    }
    _ = try await administration.extendGrant(grant.number, until: folder.clock.now + 1800)
    folder.clock.advance(by: 1800)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller).isEmpty)
    try await archive.close()
  }

  /// Of two studies and a CT and an MR series: what of them a veto leaves, and that it is said.
  @Test(
    arguments: [
      (nil, patient, 4, 4, nil), (.study(uid: "1.1"), patient, 4, 2, "only 2 of 4"),
      (.study(uid: "1.1"), .study(uid: "1.1"), 2, 0, "NOTHING IS OPEN of 2"),
      (.study(uid: "1.1"), .study(uid: "1.2"), 2, 2, nil), (.series(uid: "1.1.1"), patient, 4, 3, "only 3 of 4"),
      (patient, .study(uid: "1.2"), 2, 0, "NOTHING IS OPEN of 2"),
      (.patient(id: "P1", issuer: "ELSEWHERE"), patient, 4, 4, nil),
      (.patient(id: "P9", issuer: nil), .patient(id: "P9", issuer: nil), 0, 0, "what comes"),
      (nil, .patient(id: "P9", issuer: nil), 0, 0, nil),
    ] as [(GrantScope?, GrantScope, Int, Int, String?)])
  func whatAVetoLeavesIsSaid(
    _ veto: GrantScope?, _ asked: GrantScope, objects: Int, opened: Int, words: String?
  ) async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    _ = try await archive.makeCaller("TRAUMA")
    for study in ["1.1", "1.2"] {
      for (number, modality) in ["CT", "MR"].enumerated() {
        try await ReferredObject(
          study: study, series: "\(study).\(number + 1)", instance: "\(study).\(number + 1).1", modality: modality
        ).store(in: archive)
      }
    }
    if let veto { _ = try await administration.record(ConsentDraft(kind: .veto, scope: veto)) }
    let grant = try await administration.openEmergency(to: "TRAUMA", asked, reason: "trauma", seconds: 3600)
    let reach = try await administration.reach(ofEmergency: grant)
    #expect(reach.objects == objects && reach.opened == opened, "\(reach)")
    #expect(reach.vetoes == (words == nil ? [] : [1]))
    #expect(words.map { reach.warning?.contains($0) == true } ?? (reach.warning == nil), "\(reach.warning ?? "")")
    try await archive.close()
  }

  /// A veto against somebody else is none, one against a group of theirs is; one that falls on nothing here is said, too.
  @Test(
    arguments: [
      ("OTHER", nil, 1, nil), ("practice", nil, 0, "NOTHING IS OPEN"), ("TRAUMA", nil, 0, "NOTHING IS OPEN"),
      ("TRAUMA", "MR", 1, "forbids nothing of what is stored now"),
    ] as [(String, String?, Int, String?)])
  func againstWhomAVetoIs(party: String, modality: String?, opened: Int, words: String?) async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    for name in ["TRAUMA", "OTHER"] { _ = try await archive.makeCaller(name) }
    try await administration.setGroup("practice", members: ["TRAUMA"])
    try await ReferredObject().store(in: archive)
    var narrowing = GrantNarrowing()
    if let modality { narrowing.modalities = [modality] }
    _ = try await administration.record(
      ConsentDraft(kind: .veto, scope: Self.patient, narrowing: narrowing, party: party))
    let grant = try await administration.openEmergency(to: "TRAUMA", Self.patient, reason: "trauma", seconds: 3600)
    let reach = try await administration.reach(ofEmergency: grant)
    #expect(reach.opened == opened)
    #expect(words.map { reach.warning?.contains($0) == true } ?? (reach.warning == nil), "\(reach.warning ?? "")")
    try await archive.close()
  }

  /// A user whom no peer lets in sees nothing, whatever is opened.
  @Test func whoCannotCallSeesNothing() async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    try await administration.addUser("lang", password: nil)
    try await ReferredObject().store(in: archive)
    let grant = try await administration.openEmergency(to: "lang", Self.patient, reason: "trauma", seconds: 3600)
    let closed = try await administration.reach(ofEmergency: grant)
    #expect(closed.opened == 0 && closed.warning?.contains("nobody can call") == true)
    _ = try await archive.makeCaller("WS")
    let open = try await administration.reach(ofEmergency: grant)
    #expect(open.opened == 1 && open.warning == nil)
    try await archive.close()
  }

  @Test(
    arguments: [
      (GrantScope.everything, "trauma", 3600), (patient, " ", 3600), (patient, "trauma", 86_401),
      (patient, "trauma", 1),
    ] as [(GrantScope, String, Double)])
  func whatIsNoEmergency(scope: GrantScope, reason: String, seconds: Double) async throws {
    let archive = try folder.open()
    _ = try await archive.makeCaller("TRAUMA")
    await #expect(throws: ArchiveError.self) {
      try await archive.administration(as: .current).openEmergency(
        to: "TRAUMA", scope, reason: reason, seconds: seconds)
    }
    try await archive.close()
  }

  /// A child's grant ends at an age, also when the birth date turns out to be another.
  @Test(
    arguments: [("20150301", 1_867_017_600.0, Grant.State.pending), ("20000101", nil, .revoked)]
      as [(String, Double?, Grant.State)])
  func aChildsGrantFollowsTheBirthDate(corrected: String, end: Double?, state: Grant.State) async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    try await administration.addUser("mother", password: nil, certificate: nil)
    var object = ReferredObject()
    object.birthDate = "20140301"
    try await object.store(in: archive)
    let grant = try await administration.link(
      user: "mother", toPatient: "P1", issuer: nil, as: .child, endsAtAge: 14
    ).grant
    #expect(grant.until == 1_835_481_600 && grant.state == .pending)
    #expect(try await administration.remarks(onLinkOf: grant).isEmpty)
    guard let patient = PatientIdentity(id: "P1", issuer: nil), let wrong = PatientIdentity(id: "P0", issuer: nil)
    else {
      return
    }
    // Another study was kept under another ID: with its correction the right birth date comes.
    object.study = "0.1"
    (object.series, object.instance, object.patientID) = ("0.1.1", "0.1.1.1", "P0")
    try await object.store(in: archive)
    _ = try await archive.corrections(as: .current).merge(
      wrong, into: patient, given: Corrections.GivenDemographics(birthDate: corrected), reason: "twice", agreed: true)
    let after = try await administration.grants().first
    #expect(after?.state == state)
    if let end { #expect(after?.until == end) }
    try await archive.close()
  }

  /// An end that was set by hand, or that has come, is not moved by a study that comes to the child; one that was computed is.
  @Test(arguments: ["computed", "shortened", "lengthened", "unlimited", "expired", "said"])
  func anEndThatWasSetByHandStays(how: String) async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    try await administration.addUser("mother", password: nil, certificate: nil)
    var object = ReferredObject()
    object.birthDate = "20140301"
    try await object.store(in: archive)
    let grant = try await administration.link(
      user: "mother", toPatient: "P1", issuer: nil, as: .child, endsAtAge: 14,
      birthDate: how == "said" ? "20140301" : nil
    ).grant
    _ = try await administration.approveGrant(grant.number)
    let computed = 1_835_481_600.0
    let byHand: Double? =
      switch how {
      case "shortened", "expired": folder.clock.now + 100
      case "lengthened": computed + 1000
      case "unlimited": nil
      default: computed
      }
    if byHand != computed { _ = try await administration.extendGrant(grant.number, until: byHand) }
    if how == "expired" { folder.clock.advance(by: 200) }
    let patient = try #require(PatientIdentity(id: "P1", issuer: nil))
    let wrong = try #require(PatientIdentity(id: "P0", issuer: nil))
    object.study = "0.1"
    (object.series, object.instance, object.patientID) = ("0.1.1", "0.1.1.1", "P0")
    try await object.store(in: archive)
    _ = try await archive.corrections(as: .current).merge(
      wrong, into: patient, given: Corrections.GivenDemographics(birthDate: "20150301"), reason: "twice", agreed: true)
    let after = try #require(try await administration.grants().first)
    #expect(after.until == (how == "computed" ? 1_867_017_600 : byHand))
    #expect(after.state == (how == "expired" ? .expired : .active))
    let records = try await archive.database.read { database in
      try String.fetchAll(
        database, sql: "SELECT grants || ' ' || patient_id FROM audit WHERE act = 'grants extended'")
    }
    #expect(records == (how == "computed" ? ["\(grant.number) P1"] : []))
    try await archive.close()
  }
}

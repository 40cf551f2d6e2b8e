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
    // Each time with its reason: it may be cut, and is not extended.
    for until in [nil, folder.clock.now + 7200] {
      await #expect(throws: ArchiveError.self) { try await administration.extendGrant(grant.number, until: until) }
    }
    _ = try await administration.extendGrant(grant.number, until: folder.clock.now + 1800)
    folder.clock.advance(by: 1800)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller).isEmpty)
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
      user: "mother", toPatient: "P1", issuer: nil, as: .child, endsAtAge: 14)
    #expect(grant.until == 1_835_481_600 && grant.state == .pending)
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
      birthDate: how == "said" ? "20140301" : nil)
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

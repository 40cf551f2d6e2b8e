// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import Testing

@testable import Archive

@Suite struct CorrectionsTests {
  private static func patient(_ id: String, _ issuer: String = "") -> PatientIdentity {
    PatientIdentity(stored: id, issuer: issuer, soleStudy: "")
  }

  private static let objects = [
    TestObject(instance: "1.1", series: "2.1", study: "3.1", patientID: "P1", name: "Doe^Jon", comment: "wrong"),
    TestObject(instance: "1.2", series: "2.2", study: "3.2", patientID: "P2", name: "Doe^John"),
    TestObject(instance: "1.3", series: "2.3", study: "3.3", patientID: "P3", name: "Roe^Jane"),
    // Half of a study came under one ID, half under another.
    TestObject(instance: "1.4", series: "2.4", study: "3.4", patientID: "P1", name: "Doe^Jon"),
    TestObject(instance: "1.5", series: "2.4", study: "3.4", patientID: "P2", name: "Doe^John"),
    TestObject(instance: "1.6", series: "2.6", study: "3.4", patientID: "P2", name: "Doe^John"),
    TestObject(instance: "1.7", series: "2.7", study: "3.7", patientID: "", name: "Unknown"),
  ]

  private func world() async throws -> (TestArchive, Archive, Caller) {
    let test = TestArchive()
    let archive = try test.open()
    for object in Self.objects { try await archive.store(object) }
    let all = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    return (test, archive, all)
  }

  /// One Study Instance UID under several patients, one of them nobody: each can be named.
  @Test(
    arguments: [
      ("P1", nil, ["1.1"]), ("P1", "NORTH", ["1.1"]), ("P2", "", ["1.2"]), ("", nil, ["1.3"]), ("P3", nil, []),
      ("P1", "SOUTH", []), ("P4", nil, []),
    ] as [(String, String?, [String])])
  func whoseStudyIsMeantCanBeSaid(id: String, issuer: String?, moved: [String]) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let patients = [("P1", "NORTH"), ("P2", ""), ("", "NORTH"), ("P4", "NORTH"), ("P4", "SOUTH")]
    for (number, (id, issuer)) in patients.enumerated() {
      try await archive.store(TestObject(instance: "1.\(number + 1)", study: "3.1", patientID: id, issuer: issuer))
    }
    let holder = Corrections.Holder(id: id, issuer: issuer)
    let corrections = archive.corrections(as: .current)
    let right = Self.patient("P9")
    if moved.isEmpty {
      let error = await #expect(throws: ArchiveError.self) {
        _ = try await corrections.reassign(
          study: "3.1", from: holder, to: right, given: .init(name: "Doe"), reason: "r", agreed: true)
      }
      #expect(error?.description.contains("--from-issuer") == true)
    } else {
      _ = try await corrections.reassign(
        study: "3.1", from: holder, to: right, given: .init(name: "Doe"), reason: "r", agreed: true)
    }
    let all = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    let served = try await archive.served(InstanceSelection(patient: right), to: all)
    #expect(served.map(\.sopInstanceUID) == moved)
    try await archive.close()
  }

  @Test func aMergeIsAnsweredAndUndone() async throws {
    let (test, archive, all) = try await world()
    let before = try IndexDump(of: archive)
    let corrections = archive.corrections(as: .current)
    guard
      case .done(let number, let studies) = try await corrections.merge(
        Self.patient("P1"), into: Self.patient("P2"), reason: "registered twice", agreed: false)
    else { return #expect(Bool(false)) }
    #expect(studies == 2)
    let p2 = MatchingKey(tag: .patientID, matching: .singleValue("P2"))
    let p1 = MatchingKey(tag: .patientID, matching: .singleValue("P1"))
    #expect(
      try await archive.values(of: .studyInstanceUID, at: .study, as: all, [p2]).sorted() == ["3.1", "3.2", "3.4"])
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: all, [p1]).isEmpty)
    #expect(try await archive.values(of: .patientID, at: .patient, as: all, [p1]).isEmpty)
    let names = try await archive.values(of: .patientName, at: .study, as: all, [p2])
    #expect(names == ["Doe^John", "Doe^John", "Doe^John"])
    #expect(try await archive.values(of: .patientComments, at: .study, as: all, [p2]) == ["", "", ""])
    // The halves are one study, and one series.
    let study = MatchingKey(tag: .studyInstanceUID, matching: .uidList(["3.4"]))
    #expect(try await archive.values(of: .numberOfStudyRelatedInstances, at: .study, as: all, [study]) == ["3"])
    #expect(try await archive.values(of: .numberOfStudyRelatedSeries, at: .study, as: all, [study]) == ["2"])
    #expect(try await archive.values(of: .seriesInstanceUID, at: .series, as: all, [study]).sorted() == ["2.4", "2.6"])
    #expect(try await archive.values(of: .numberOfPatientRelatedStudies, at: .patient, as: all, [p2]) == ["3"])
    // What comes later goes the same way.
    try await archive.store(TestObject(instance: "1.8", series: "2.8", study: "3.8", patientID: "P1", name: "Doe^Jon"))
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: all, [p2]).count == 4)
    try await archive.removeForTest(study: "3.8")
    _ = try await corrections.undo(number, reason: "they are twins", agreed: true)
    #expect(try IndexDump(of: archive) == before)
    #expect(try await corrections.all().map(\.undoneReason) == ["they are twins"])
    try await archive.close()
    _ = test
  }

  @Test func aStudyIsReassignedAndItsCopyCoerced() async throws {
    let (test, archive, all) = try await world()
    let before = try IndexDump(of: archive)
    let corrections = archive.corrections(as: .current)
    _ = try await corrections.reassign(
      study: "3.1", from: nil, to: Self.patient("P3"), reason: "wrong worklist entry", agreed: false)
    let served = try await archive.served(InstanceSelection(patient: Self.patient("P3")), to: all)
    #expect(served.map(\.sopInstanceUID).sorted() == ["1.1", "1.3"])
    let moved = try #require(served.first { $0.sopInstanceUID == "1.1" })
    #expect(served.first { $0.sopInstanceUID == "1.3" }?.coercion == nil)
    var copy = try DataSetBuilder(
      DataSet(reading: Self.objects[0].dataSet, transferSyntax: .explicitVRLittleEndian))
    try #require(moved.coercion).apply(to: &copy)
    let read = try DataSet(
      reading: copy.encoded(as: .explicitVRLittleEndian), transferSyntax: .explicitVRLittleEndian)
    #expect(read.string(.patientID) == "P3")
    #expect(read.string(.patientName) == "Roe^Jane")
    #expect(read[.patientComments] == nil)
    #expect(read.string(.studyInstanceUID) == "3.1")
    // A study of nobody becomes somebody's; one of two patients needs to say whose.
    _ = try await corrections.reassign(
      study: "3.7", from: nil, to: Self.patient("P9", "NEW"), given: .init(name: "Late^Found"), reason: "identified",
      agreed: false)
    await #expect(throws: ArchiveError.self) {
      try await corrections.reassign(
        study: "3.4", from: nil, to: Self.patient("P3"), reason: "which?", agreed: false)
    }
    await #expect(throws: ArchiveError.self) {
      try await corrections.reassign(
        study: "3.2", from: nil, to: Self.patient("P8"), reason: "who is that?", agreed: false)
    }
    let p9 = MatchingKey(tag: .patientID, matching: .singleValue("P9"))
    #expect(try await archive.values(of: .patientName, at: .study, as: all, [p9]) == ["Late^Found"])
    // Undone in the order in which they were made, all is as it was.
    for correction in try await corrections.all() {
      _ = try await corrections.undo(correction.number, reason: "back", agreed: true)
    }
    #expect(try IndexDump(of: archive) == before)
    try await archive.close()
    _ = test
  }

  /// By a merge, a reassignment, and by undoing one: what is forbidden has to be forbidden there too, at least as widely.
  @Test(arguments: ["merge", "reassign", "undo"])
  func noCorrectionTakesAStudyOutOfAVeto(way: String) async throws {
    let (test, archive, all) = try await world()
    let administration = archive.administration(as: .current)
    let corrections = archive.corrections(as: .current)
    let former = way == "undo" ? "P3" : "P1"
    let right = way == "undo" ? "P1" : "P3"
    func correct() async throws {
      switch way {
      case "merge":
        _ = try await corrections.merge(Self.patient("P1"), into: Self.patient("P3"), reason: "one", agreed: true)
      case "undo": _ = try await corrections.undo(1, reason: "no", agreed: true)
      default:
        _ = try await corrections.reassign(study: "3.1", from: nil, to: Self.patient("P3"), reason: "one", agreed: true)
      }
    }
    if way == "undo" {
      _ = try await corrections.reassign(study: "3.1", from: nil, to: Self.patient("P3"), reason: "one", agreed: true)
    }
    func veto(_ patient: String, against party: String? = nil, until: Double? = nil) async throws -> Int {
      try await administration.record(
        ConsentDraft(kind: .veto, scope: .patient(id: patient, issuer: nil), party: party, until: until))
    }
    _ = try await archive.makeCaller("OTHER")
    let own = try await veto(former)
    let before = try IndexDump(of: archive)
    await #expect(throws: ArchiveError.self) { try await correct() }
    // Against somebody else, or not for as long.
    for narrower in [try await veto(right, against: "OTHER"), try await veto(right, until: test.clock.now + 10)] {
      await #expect(throws: ArchiveError.self) { try await correct() }
      _ = try await administration.withdrawConsent(narrower)
    }
    #expect(try IndexDump(of: archive) == before)
    _ = try await veto(right)
    try await correct()
    #expect(try await !archive.values(of: .studyInstanceUID, at: .study, as: all).contains("3.1"))
    _ = try await administration.withdrawConsent(own)
    try await archive.close()
  }

  @Test func grantsFollowTheStudyNotTheFormerPatient() async throws {
    let (test, archive, _) = try await world()
    let (former, right) = (try await archive.makeCaller("FORMER"), try await archive.makeCaller("RIGHT"))
    let administration = archive.administration(as: .current)
    _ = try await administration.addGrant(to: "FORMER", scope: .patient(id: "P1", issuer: nil), until: nil)
    let grant = try await administration.addGrant(to: "RIGHT", scope: .patient(id: "P3", issuer: nil), until: nil)
    let corrections = archive.corrections(as: .current)
    let before = try IndexDump(of: archive)
    guard
      case .wouldWiden(let grants) = try await corrections.reassign(
        study: "3.1", from: nil, to: Self.patient("P3"), reason: "wrong entry", agreed: false)
    else { return #expect(Bool(false)) }
    #expect(grants.map(\.number) == [grant.number])
    #expect(try IndexDump(of: archive) == before)
    #expect(try await corrections.all().isEmpty)
    _ = try await corrections.reassign(
      study: "3.1", from: nil, to: Self.patient("P3"), reason: "wrong entry", agreed: true)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: former) == ["3.4"])
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: right).sorted() == ["3.1", "3.3"])
    // Undoing opens it to the former's grantee again: that is asked too.
    guard case .wouldWiden(let back) = try await corrections.undo(1, reason: "no", agreed: false) else {
      return #expect(Bool(false))
    }
    #expect(back.map(\.grantee) == ["FORMER"])
    try await archive.close()
    _ = test
  }

  /// Corrections made at random, some undone, objects arriving in between: the index is what a new one, filled in the order
  /// of arrival with the corrections standing from the beginning, would be.
  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func theIndexFollowsFromArrivalsAndCorrections(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let test = TestArchive()
    let archive = try test.open()
    let corrections = archive.corrections(as: .current)
    var objects: [TestObject] = []
    for number in 0..<40 {
      let study = Int.random(in: 0..<4, using: &random)
      objects.append(
        TestObject(
          instance: "1.\(number)", series: "2.\(study).\(Int.random(in: 0..<2, using: &random))", study: "3.\(study)",
          patientID: "P\(Int.random(in: 0..<3, using: &random))", name: "N\(number % 4)"))
      try await archive.store(objects[number])
      guard number % 4 == 3 else { continue }
      let (from, to) = (Int.random(in: 0..<3, using: &random), Int.random(in: 0..<3, using: &random))
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        _ = try? await corrections.merge(
          Self.patient("P\(from)"), into: Self.patient("P\(to)"), reason: "r", agreed: true)
      case 1:
        _ = try? await corrections.reassign(
          study: "3.\(study)", from: .init(id: "P\(from)", issuer: ""), to: Self.patient("P\(to)"), reason: "r",
          agreed: true)
      default:
        let standing = try await corrections.all().filter { $0.undoneAt == nil }
        guard let one = standing.randomElement(using: &random) else { continue }
        _ = try await corrections.undo(one.number, reason: "u", agreed: true)
      }
    }
    let live = try IndexDump(of: archive)
    try await archive.refillForTest(objects)
    #expect(try IndexDump(of: archive) == live)
    try await archive.close()
    _ = test
  }
}

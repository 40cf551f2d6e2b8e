// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import Testing

@testable import Archive

/// What a person names reaches something, or they are told.
@Suite struct NamedTargetTests {
  private let test = TestArchive()
  private static let old = GrantScope.patient(id: "P2", issuer: nil)

  private func made() async throws -> (Archive, Administration) {
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    try await archive.store(TestObject(instance: "2.1", series: "2.1", study: "2", patientID: "P2"))
    try await archive.store(TestObject(instance: "3.1", series: "3.1", study: "3", patientID: "P3", issuer: "A"))
    _ = try await archive.makeCaller("WS")
    let administration = archive.administration(as: .current)
    try await administration.addUser("anna", password: nil)
    return (archive, administration)
  }

  private func identity(_ id: String) throws -> PatientIdentity { try #require(PatientIdentity(id: id, issuer: nil)) }

  private static let attempts: [String: @Sendable (Administration, GrantScope) async throws -> Void] = [
    "grant": { _ = try await $0.addGrant(to: "WS", scope: $1, until: nil) },
    "ceiling": { _ = try await $0.addGrant(to: "WS", GrantTerms($1, effect: .limits)) },
    "import": { _ = try await $0.importGrants([ImportedRow("WS", GrantTerms($1))], dryRun: false) },
    "veto": { _ = try await $0.record(ConsentDraft(kind: .veto, scope: $1)) },
    "code": { _ = try await $0.openCode(CodeTerms(scope: $1, rights: .query, seconds: 60, validity: 60), sharer: nil) },
    "emergency": { _ = try await $0.openEmergency(to: "WS", $1, reason: "trauma", seconds: 60) },
  ]

  /// An ID that was merged into another reaches nothing: whoever names it is told the other.
  @Test(arguments: attempts.keys.sorted())
  func anIDThatWasMergedIsRefused(what: String) async throws {
    let (archive, administration) = try await made()
    let attempt = try #require(Self.attempts[what])
    let corrections = archive.corrections(as: .current)
    _ = try await corrections.merge(try identity("P2"), into: try identity("P1"), reason: "twice", agreed: true)
    do {
      try await attempt(administration, Self.old)
      Issue.record("\(what) was taken")
    } catch let error as ArchiveError {
      #expect(error.description.contains("merged into P1") && error.description.contains("--patient 'P1'"), "\(error)")
    }
    try await attempt(administration, .patient(id: "P1", issuer: nil))
    if what == "veto" { _ = try await administration.withdrawConsent(1) }
    _ = try await corrections.undo(1, reason: "was right", agreed: true)
    try await attempt(administration, Self.old)
    try await archive.close()
  }

  @Test func aLinkAndAPermissionNameWhoIsThere() async throws {
    let (archive, administration) = try await made()
    _ = try await archive.corrections(as: .current).merge(
      try identity("P2"), into: try identity("P1"), reason: "twice", agreed: true)
    await #expect(throws: ArchiveError.self) {
      _ = try await administration.link(user: "anna", toPatient: "P2", issuer: nil, as: .guardian)
    }
    for kind in [Consent.Kind.delegation, .permission] {
      await #expect(throws: ArchiveError.self) {
        _ = try await administration.record(ConsentDraft(kind: kind, scope: Self.old))
      }
    }
    try await archive.close()
  }

  /// What was given before, or by a code that was opened before, does not follow the patient: whoever redeems it is told.
  @Test func aCodeOfBeforeTheMerge() async throws {
    let (archive, administration) = try await made()
    let (_, code) = try await administration.openCode(
      CodeTerms(scope: Self.old, rights: .query, seconds: 60, validity: 60), sharer: nil)
    _ = try await archive.corrections(as: .current).merge(
      try identity("P2"), into: try identity("P1"), reason: "twice", agreed: true)
    let grant = try await administration.redeem(code.text, as: "WS")
    let remarks = try await administration.remarks(on: grant.scope)
    #expect(remarks.count == 1 && remarks[0].contains("merged into P1"), "\(remarks)")
    try await archive.close()
  }

  /// One of earlier versions, which took it.
  @Test func aVetoThatReachesNothingIsTold() async throws {
    let (archive, administration) = try await made()
    for scope in [Self.old, .patient(id: "P1", issuer: nil), .study(uid: "2")] {
      _ = try await administration.record(ConsentDraft(kind: .veto, scope: scope))
    }
    _ = try await administration.record(ConsentDraft(kind: .permission, scope: Self.old))
    #expect(try await administration.mergedAway(administration.consents()).isEmpty)
    _ = try await archive.corrections(as: .current).merge(
      try identity("P2"), into: try identity("P1"), reason: "twice", agreed: true)
    let merged = try await administration.mergedAway(administration.consents())
    #expect(merged == [1: try identity("P1"), 4: try identity("P1")])
    _ = try await administration.withdrawConsent(1)
    #expect(try await administration.mergedAway(administration.consents()).keys.sorted() == [4])
    try await archive.close()
  }

  /// Who asks for an ID that was merged away is told so, and how it is now; who has a grant on it, why it opens nothing.
  @Test(arguments: ["P2", "P3", "P4"])
  func whoWasMergedAwayIsSaid(id: String) async throws {
    let (archive, administration) = try await made()
    try await archive.store(TestObject(instance: "4.1", series: "4.1", study: "4", patientID: "P4"))
    let caller = try await archive.makeCaller("ASKER")
    for scope in [Self.old, .patient(id: "P4", issuer: nil), .patient(id: "P4", issuer: "A")] {
      _ = try await administration.addGrant(to: "ASKER", scope: scope, until: nil)
    }
    let before = test.clock.now
    test.clock.advance(by: 10)
    let corrections = archive.corrections(as: .current)
    // P4 to P2 to P1.
    _ = try await corrections.merge(try identity("P4"), into: try identity("P2"), reason: "twice", agreed: true)
    _ = try await corrections.merge(try identity("P2"), into: try identity("P1"), reason: "twice", agreed: true)
    let isMerged = id != "P3"
    let explained = try await administration.explain(caller, patient: id, issuer: nil)
    #expect(explained.merged.map(\.description).contains { $0.contains("patient \(id) was merged into") } == isMerged)
    #expect(explained.merged.map(\.into.id) == (isMerged ? ["P1"] : []))
    #expect(Set(explained.studies.map(\.studyInstanceUID)) == (isMerged ? ["1.2.3", "2", "4"] : ["3"]))
    for study in explained.studies where isMerged {
      // Those on P2 and P4, both of whom P1 is; not one on a namesake of theirs.
      #expect(study.grants.map(\.grant.number) == [1, 2] && study.seen.allSatisfy { $0.instances == 0 })
      #expect(
        study.grants.allSatisfy {
          $0.reasons.joined().contains("a grant on the former patient does not open what moved")
        })
    }
    #expect(
      explained.studies.map { $0.moved.map(\.from.id) }.filter { !$0.isEmpty }
        == (isMerged ? [["P2"], ["P4", "P2"]] : []))
    let issuer = id == "P3" ? "A" : nil
    let access = try await administration.access(toPatient: id, issuer: issuer, at: nil)
    #expect(access.patient.id == (isMerged ? "P1" : "P3") && (access.merged != nil) == isMerged)
    #expect(access.objects == (isMerged ? 3 : 1) && access.entries.isEmpty)
    #expect(access.kept == (isMerged ? ["ASKER"] : []))
    // Before, each was somebody of their own; that it is so no longer is said.
    let then = try await administration.access(toPatient: id, issuer: issuer, at: before)
    #expect(then.patient.id == id && (then.merged != nil) == isMerged)
    #expect(then.entries.map(\.grant.number) == (id == "P2" ? [1] : id == "P4" ? [2] : []))
    for number in [2, 1] { _ = try await corrections.undo(number, reason: "were right", agreed: true) }
    #expect(try await administration.explain(caller, patient: id, issuer: nil).merged.isEmpty)
    #expect(try await administration.access(toPatient: id, issuer: issuer, at: nil).merged == nil)
    try await archive.close()
  }

  /// One study alone: grants on whose it was are told, and those on others of that one's studies are not.
  @Test func whoseAStudyWasIsSaid() async throws {
    let (archive, administration) = try await made()
    let caller = try await archive.makeCaller("ASKER")
    _ = try await administration.addGrant(to: "ASKER", scope: Self.old, until: nil)
    _ = try await archive.corrections(as: .current).reassign(
      study: "2", from: nil, to: try identity("P1"), reason: "mistaken", agreed: true)
    for (study, reasons) in [("2", 1), ("1.2.3", 0)] {
      let explained = try #require(try await administration.explain(caller, study: study).studies.first)
      #expect(explained.grants.flatMap(\.reasons).count == reasons && explained.moved.count == reasons)
      #expect(explained.grants.allSatisfy { $0.reasons[0].contains("the study was reassigned from P2 to P1 on") })
    }
    #expect(try await administration.explain(caller, patient: "P2", issuer: nil).studies.isEmpty)
    try await archive.close()
  }

  /// What was received by that ID is held, and what else is the patient's is not.
  @Test func aHoldOnAnIDThatWasMergedSaysSo() async throws {
    let (archive, _) = try await made()
    let operations = archive.operations(as: .current)
    for issuer in [nil, ""] {
      #expect(try await operations.addHold(.patient(id: "P2", issuer: issuer), reason: "court").mergedInto == nil)
    }
    _ = try await archive.corrections(as: .current).merge(
      try identity("P2"), into: try identity("P1"), reason: "twice", agreed: true)
    for issuer in [nil, ""] {
      let hold = try await operations.addHold(.patient(id: "P2", issuer: issuer), reason: "court")
      #expect(hold.mergedInto == ["P1"] && hold.studies == 1)
    }
    #expect(try await operations.addHold(.patient(id: "P1", issuer: nil), reason: "court").mergedInto == nil)
    #expect(try await operations.addHold(.patient(id: "P2", issuer: "A"), reason: "court").mergedInto == nil)
    try await archive.close()
  }

  @Test(
    arguments: [
      ("1.2.840.113619", true), ("1.02.003", true), ("0", true), (" 1.2 ", true), ("2", true), ("x", false),
      ("1..2", false), (".1", false), ("1.", false), ("1.2a", false), ("1,2", false),
      (String(repeating: "1", count: 64), true), (String(repeating: "1", count: 65), false),
    ])
  func whatIsNoUIDIsRefused(uid: String, isTaken: Bool) async throws {
    let (archive, administration) = try await made()
    for scope in [GrantScope.study(uid: uid), .series(uid: uid)] {
      for (what, attempt) in Self.attempts {
        if case .series = scope, what == "code" { continue }
        do {
          try await attempt(administration, scope)
          #expect(isTaken, "\(what)")
        } catch let error as ArchiveError {
          #expect(!isTaken && error.description.contains("is no UID"), "\(what): \(error)")
        }
      }
    }
    try await archive.close()
  }

  /// What devices say that make UIDs which are none can be named all the same.
  @Test func whatIsHereCanBeNamed() async throws {
    let (archive, administration) = try await made()
    try await archive.store(TestObject(instance: "x.1", series: "x.y", study: "study-1"))
    for scope in [GrantScope.study(uid: "study-1"), .series(uid: "x.y")] {
      #expect(try await administration.addGrant(to: "WS", scope: scope, until: nil).state == .active)
      #expect(try await administration.remarks(on: scope).isEmpty)
    }
    try await archive.close()
  }

  /// What is not here may be on its way; whoever names it is told.
  @Test(
    arguments: [
      (.everything, nil), (.patient(id: "P1", issuer: nil), nil), (.patient(id: "P3", issuer: "A"), nil),
      (.study(uid: "1.2.3"), nil), (.series(uid: "1.2.3.1"), nil),
      (.patient(id: "P9", issuer: nil), "nothing of patient P9 is stored here (yet)"),
      (.patient(id: "P3", issuer: nil), "from another issuer"),
      (.patient(id: "P1", issuer: "A"), "from another issuer"),
      (.study(uid: "9"), "nothing of study 9"), (.series(uid: "9"), "nothing of series 9"),
    ] as [(GrantScope, String?)])
  func whatIsNotHereIsSaid(scope: GrantScope, words: String?) async throws {
    let (archive, administration) = try await made()
    let remarks = try await administration.remarks(on: scope)
    #expect(remarks.count == (words == nil ? 0 : 1))
    if let words { #expect(remarks.first?.contains(words) == true, "\(remarks)") }
    let grant = try await administration.addGrant(to: "WS", scope: scope, until: nil)
    #expect(try await administration.remarks(on: grant, asked: grant.terms) == remarks)
    try await archive.close()
  }
}

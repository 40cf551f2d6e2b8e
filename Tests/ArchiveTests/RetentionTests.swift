// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct RetentionTests {
  private static let day = 86_400.0

  @Test func nothingIsDeletedByDefault() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    test.clock.advance(by: 100_000 * Self.day)
    let operations = archive.operations(as: .current)
    #expect(try await operations.retentionRules().isEmpty)
    let plan = try await operations.planRetention()
    #expect(plan.studies.isEmpty)
    #expect(try await operations.applyRetention(plan.number).studies == 0)
    _ = try await operations.addRetentionRule(RetentionRule(days: 1, basis: .arrival, modalities: []))
    #expect(try await operations.planRetention().studies.count == 4)
    #expect(try await archive.instanceUIDs().count == all)
    try await archive.close()
  }

  /// The clock of the tests stands at 2027-01-15; study 3 is of 2010, the others of 2026.
  @Test(
    arguments: [
      (RetentionRule(days: 3650, basis: .studyDate, modalities: []), ["3"]),
      (RetentionRule(days: 300, basis: .studyDate, modalities: ["CT"]), ["1.2.3", "3", "4"]),
      (RetentionRule(days: 300, basis: .studyDate, modalities: ["MR", "US"]), ["2"]),
      (RetentionRule(days: 9, basis: .arrival, modalities: []), ["1.2.3", "2", "3", "4"]),
      (RetentionRule(days: 11, basis: .arrival, modalities: []), []),
      (RetentionRule(days: 9, basis: .access, modalities: []), ["2", "3", "4"]),
    ] as [(RetentionRule, [String])])
  func aRuleTakesWhatItSays(rule: RetentionRule, studies: [String]) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    test.clock.advance(by: 10 * Self.day)
    archive.noteAccess(studyInstanceUID: "1.2.3")
    try await archive.keepHouse()
    let operations = archive.operations(as: .current)
    _ = try await operations.addRetentionRule(rule)
    let plan = try await operations.planRetention()
    #expect(plan.studies.map(\.studyInstanceUID).sorted() == studies)
    #expect(try await archive.instanceUIDs().count == all)
    let report = try await operations.applyRetention(plan.number)
    #expect(report.studies == studies.count && report.kept == 0)
    #expect(try await archive.instanceUIDs().count == all - plan.instances)
    #expect(try test.files(in: "instances").count == all - plan.instances)
    await #expect(throws: ArchiveError.self) { try await operations.applyRetention(plan.number) }
    #expect(try await operations.check(CheckOrder()).isClean)
    try await archive.close()
  }

  /// Between the dry run and its application: held, added to, used; and a rule that was added takes nothing more.
  @Test func whatChangedSinceThePlanIsKept() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    test.clock.advance(by: 10 * Self.day)
    let operations = archive.operations(as: .current)
    _ = try await operations.addHold(.patient(id: "P1", issuer: nil), reason: "before")
    _ = try await operations.addRetentionRule(RetentionRule(days: 9, basis: .access, modalities: ["CT"]))
    let first = try await operations.planRetention()
    #expect(first.studies.map(\.studyInstanceUID) == ["3", "4"] && first.held == 1)
    try await operations.releaseHold(1, reason: "over")
    let plan = try await operations.planRetention()
    #expect(plan.studies.map(\.studyInstanceUID) == ["1.2.3", "3", "4"])
    test.clock.advance(by: 1)
    _ = try await operations.addRetentionRule(RetentionRule(days: 1, basis: .arrival, modalities: []))
    _ = try await operations.addHold(.study(uid: "1.2.3"), reason: "since")
    try await archive.store(TestObject(instance: "1.7", series: "3.1", study: "3", patientID: "P2"))
    archive.noteAccess(studyInstanceUID: "4")
    try await archive.keepHouse()
    let report = try await operations.applyRetention(plan.number)
    #expect(report.studies == 0 && report.kept == 3)
    #expect(try await archive.instanceUIDs().count == 7)
    try await archive.close()
  }

  private static let changes = ["hold released", "another modality gone", "clock set back", "rule removed"]

  /// Nothing that the plan did not name, whatever has become a candidate since, and nothing that came to what it named.
  @Test(arguments: changes) func aPlanTakesWhatItNamedAndNothingElse(since change: String) async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    try await archive.store(TestObject(instance: "1.7", series: "5.1", study: "5", patientID: "P2"))
    try await archive.store(TestObject(instance: "1.8", series: "5.2", study: "5", patientID: "P2", modality: "MR"))
    test.clock.advance(by: 10 * Self.day)
    let operations = archive.operations(as: .current)
    _ = try await operations.addHold(.patient(id: "P1", issuer: nil), reason: "before")
    let rule = try await operations.addRetentionRule(RetentionRule(days: 9, basis: .arrival, modalities: ["CT"]))
    let plan = try await operations.planRetention()
    #expect(plan.studies.map(\.studyInstanceUID) == ["3", "4"])
    var kept = ["1.1", "1.2", "1.3", "1.4", "1.7", "1.8"]
    switch change {
    case "hold released": try await operations.releaseHold(1, reason: "over")
    case "another modality gone":
      _ = try await operations.delete(.series(uid: "5.2"), DeletionOrder(reason: "test"))
      kept.removeLast()
    case "clock set back":
      test.clock.advance(by: -9.5 * Self.day)
      try await archive.store(TestObject(instance: "1.5.1", series: "3.1", study: "3", patientID: "P2"))
      kept += ["1.5", "1.5.1"]
    default:
      try await operations.removeRetentionRule(rule)
      kept += ["1.5", "1.6"]
    }
    let report = try await operations.applyRetention(plan.number)
    #expect(report.studies + report.kept == 2)
    #expect(try await archive.instanceUIDs() == kept.sorted())
    // Nor is it taken by applying it again.
    await #expect(throws: ArchiveError.self) { try await operations.applyRetention(plan.number) }
    #expect(try await archive.instanceUIDs() == kept.sorted())
    try await archive.close()
  }

  /// What an earlier version planned, and what was planned long ago: it is not known any more what that was.
  @Test func aPlanOfWhichNobodyKnowsWhatItNamedIsRefused() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    test.clock.advance(by: 10 * Self.day)
    let operations = archive.operations(as: .current)
    _ = try await operations.addRetentionRule(RetentionRule(days: 9, basis: .arrival, modalities: []))
    let (rules, now) = (try await operations.retentionRules(), test.clock.now)
    try await archive.database.write { database in
      try database.execute(
        sql: """
          INSERT INTO retention_plan (number, made_at, made_by, rules, studies, instances, bytes)
          VALUES (1, ?, 'root', ?, 4, 6, 6000)
          """, arguments: [now, String(decoding: try JSONEncoder().encode(rules), as: UTF8.self)])
    }
    await #expect(throws: ArchiveError.self) { try await operations.applyRetention(1) }
    for number in 2...12 { #expect(try await operations.planRetention().number == number) }
    await #expect(throws: ArchiveError.self) { try await operations.applyRetention(2) }
    #expect(try await archive.instanceUIDs().count == all)
    #expect(try await operations.applyRetention(3).instances == all)
    try await archive.close()
  }

  /// One that a crash cut off takes nothing, and what is left of it goes with the next; two are not made at once.
  @Test func aPlanThatWasNotFinishedIsRefused() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    test.clock.advance(by: 10 * Self.day)
    let operations = archive.operations(as: .current)
    _ = try await operations.addRetentionRule(RetentionRule(days: 9, basis: .arrival, modalities: []))
    let cut = try await operations.planRetention().number
    try await archive.database.write { database in
      try database.execute(sql: "UPDATE retention_plan SET is_listed = 0 WHERE number = ?", arguments: [cut])
    }
    await #expect(throws: ArchiveError.self) { try await operations.applyRetention(cut) }
    #expect(try await archive.instanceUIDs().count == all)
    try operations.gate.during(.planning) {
      _ = #expect(throws: ArchiveError.self) { try operations.gate.during(.planning) {} }
    }
    let whole = try await operations.planRetention().number
    let left = try await archive.database.read {
      try Int.fetchAll($0, sql: "SELECT DISTINCT plan FROM planned_study")
    }
    #expect(left == [whole])
    #expect(try await operations.applyRetention(whole).instances == all)
    try await archive.close()
  }

  /// Of many studies the writer is let go in between, and one is looked at without looking at all.
  @Test func aLargePlanIsWrittenInPieces() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    let operations = archive.operations(as: .current)
    let many = 2_500
    try await archive.database.write { database in
      try database.execute(
        sql: """
          WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 999 + \(many))
          INSERT INTO study (id, patient, received_patient, v_0020000d)
          SELECT i, (SELECT MIN(id) FROM patient), (SELECT MIN(id) FROM patient), '2.25.' || i FROM n;
          INSERT INTO series (id, study, received_study, v_0020000e, v_00080060)
          SELECT id, id, id, v_0020000d, 'CT' FROM study WHERE id >= 1000;
          INSERT INTO arrival (number, object, sender, calling, arrived_at)
          SELECT id, printf('%032x', id), '', '', 1 FROM study WHERE id >= 1000;
          INSERT INTO instance (id, series, object, transfer_syntax, digest, size, v_00080018, v_00080016)
          SELECT id, id, printf('%032x', id), '', x'00', 1, '2.25.' || id, '' FROM study WHERE id >= 1000;
          """)
    }
    _ = try await operations.addRetentionRule(RetentionRule(days: 9, basis: .arrival, modalities: []))
    let plan = try await operations.planRetention()
    #expect(plan.studies.count == many && plan.instances == many)
    let (pieces, planned, listed) = try await archive.database.read { database in
      (
        try Int.fetchAll(database, sql: "SELECT count FROM audit WHERE act = 'retention planned' ORDER BY number"),
        try Int.fetchOne(database, sql: "SELECT COUNT(DISTINCT study_uid) FROM planned_study"),
        try Bool.fetchOne(database, sql: "SELECT is_listed FROM retention_plan")
      )
    }
    #expect(pieces == [1_000, 1_000, 500] && planned == many && listed == true)
    try await archive.close()
  }

  /// What was retrieved is in memory for a few seconds: that counts too.
  @Test func whatWasRetrievedAMomentAgoIsKept() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    test.clock.advance(by: 10 * Self.day)
    let operations = archive.operations(as: .current)
    _ = try await operations.addRetentionRule(RetentionRule(days: 9, basis: .access, modalities: []))
    archive.noteAccess(studyInstanceUID: "1.2.3")
    let plan = try await operations.planRetention()
    #expect(plan.studies.map(\.studyInstanceUID) == ["2", "3", "4"])
    archive.noteAccess(studyInstanceUID: "3")
    let report = try await operations.applyRetention(plan.number)
    #expect(report.studies == 2 && report.kept == 1)
    #expect(try await archive.instanceUIDs() == ["1.1", "1.2", "1.3", "1.5"])
    try await archive.close()
    let again = try test.open()
    let next = try await again.operations(as: .current).planRetention()
    #expect(next.studies.isEmpty)
    try await again.close()
  }

  @Test func rulesThatCannotBeAreRefused() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    for days in [0, -1, 100_001] {
      await #expect(throws: ArchiveError.self) {
        try await operations.addRetentionRule(RetentionRule(days: days, basis: .arrival, modalities: []))
      }
    }
    await #expect(throws: ArchiveError.self) { try await operations.removeRetentionRule(1) }
    await #expect(throws: ArchiveError.self) { try await operations.applyRetention(1) }
    try await archive.close()
  }
}

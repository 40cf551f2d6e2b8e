// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct AuditChainTests {
  /// An archive with records of every shape: with one subject, with several, with none, with an identifier.
  static func filled(_ test: TestArchive) async throws -> Archive {
    let archive = try test.open()
    for number in 0..<4 {
      try await archive.store(
        TestObject(instance: "9.\(number)", study: "1.\(number % 2)", patientID: "P\(number % 2)"))
    }
    let caller = try await archive.makeCaller("WS")
    _ = try await archive.administration(as: .current).addGrant(to: "WS", scope: .everything, until: nil)
    let read = archive.audited(.query, "C-FIND", as: caller, detail: "Study Root STUDY", identifier: [1, 2, 3])
    for try await page in archive.reading(as: caller).find(
      FindQuery(informationModel: .studyRoot, level: .study, keys: [], returning: [.studyInstanceUID]))
    {
      try await read.end(.success, count: page.rows.count, showing: page.disclosure)
    }
    await archive.audit.flush()
    return archive
  }

  private static func verify(
    _ archive: Archive, _ checkpoints: [AuditCheckpoint] = []
  ) async throws -> AuditVerification {
    try await archive.operations(as: .current).verifyAudit(checkpoints)
  }

  @Test func whatWasRecordedHolds() async throws {
    let test = TestArchive()
    let archive = try await Self.filled(test)
    let checkpoint = try await archive.operations(as: .current).auditCheckpoint()
    let report = try await Self.verify(archive, [checkpoint])
    #expect(report.isWhole, "\(report.faults)")
    #expect(report.checkpointsHeld == 1)
    // Four stores, a peer, a grant, a query.
    #expect(report.records == 7)
    let query = try await archive.operations(as: .current).auditRecords(AuditFilter(), before: nil, limit: 10)
      .first { $0.kind == "query" }
    #expect(query?.subjects.map(\.studyInstanceUID).sorted() == ["1.0", "1.1"])
    #expect(query?.grants == [1])
    #expect(query?.count == 2)
    #expect(query?.principal == "WS")
    #expect(query?.address == "127.0.0.1")
    try await archive.close()
  }

  /// Each column of each record, changed one after the other.
  @Test func anyChangedByteIsFound() async throws {
    let test = TestArchive()
    let archive = try await Self.filled(test)
    let columns =
      (AuditTable.columns.dropFirst() + ["hash"]).map { ("audit", "number", $0) }
      + AuditTable.subjectColumns.dropFirst(2).map { ("audit_subject", "record", $0) }
    var changed = 0
    for (table, key, column) in columns {
      let rows = try await archive.database.read { database in
        try Row.fetchAll(database, sql: "SELECT \(key), \(column) FROM \(table)").map {
          ($0[0] as Int64, $0[1] as DatabaseValue)
        }
      }
      for (number, before) in rows {
        guard let altered = Self.altered(before) else { continue }
        let ordinal =
          table == "audit" ? "1" : "ordinal = (SELECT MIN(ordinal) FROM audit_subject WHERE record = \(number))"
        let original = try await archive.database.write { database -> DatabaseValue? in
          let original = try DatabaseValue.fetchOne(
            database, sql: "SELECT \(column) FROM \(table) WHERE \(key) = ? AND \(ordinal)", arguments: [number])
          guard original == before else { return nil }
          try database.execute(
            sql: "UPDATE \(table) SET \(column) = ? WHERE \(key) = ? AND \(ordinal)", arguments: [altered, number])
          return original
        }
        guard let original else { continue }
        changed += 1
        #expect(try await !Self.verify(archive).isWhole, "\(table).\(column) of \(number)")
        try await archive.database.write { database in
          try database.execute(
            sql: "UPDATE \(table) SET \(column) = ? WHERE \(key) = ? AND \(ordinal)", arguments: [original, number])
        }
      }
    }
    #expect(changed > 100)
    #expect(try await Self.verify(archive).isWhole)
    try await archive.close()
  }

  /// Another value of the same type: one bit of a number or of bytes, a text that is longer.
  private static func altered(_ value: DatabaseValue) -> DatabaseValue? {
    switch value.storage {
    case .null: nil
    case .int64(let number): (number ^ 1).databaseValue
    case .double(let number): Double(bitPattern: number.bitPattern ^ 1).databaseValue
    case .string(let text):
      text.isEmpty
        ? " ".databaseValue : String(text.unicodeScalars.map { Character($0) }.reversed() + ["x"]).databaseValue
    case .blob(let data):
      data.isEmpty ? Data([0]).databaseValue : Data([data[0] ^ 1] + data.dropFirst()).databaseValue
    }
  }

  @Test(
    arguments: [
      ("removed", "DELETE FROM audit WHERE number = 3"),
      ("removed at the beginning", "DELETE FROM audit WHERE number <= 2"),
      ("cut off", "DELETE FROM audit WHERE number >= 6"),
      ("all removed", "DELETE FROM audit; DELETE FROM audit_subject"),
      ("moved", "UPDATE audit SET number = 100 WHERE number = 2"),
      (
        "exchanged",
        "UPDATE audit SET number = -1 WHERE number = 2; UPDATE audit SET number = 2 WHERE number = 3; UPDATE audit SET number = 3 WHERE number = -1"
      ),
      (
        "added",
        "INSERT INTO audit SELECT 8, at, kind, act, outcome, actor, principal, peer, ae_title, address, assurance, destination, grants, count, detail, identifier, began, patient_id, issuer, study_uid, instances, subjects, hash FROM audit WHERE number = 2"
      ),
      ("subject removed", "DELETE FROM audit_subject WHERE ordinal = 1"),
      ("subject added", "INSERT INTO audit_subject VALUES (2, 0, 'P9', '', '', '')"),
      ("subject of nothing", "INSERT INTO audit_subject VALUES (99, 0, 'P9', '', '', '')"),
      ("no text any more", "UPDATE audit SET principal = CAST(x'ff' AS TEXT) WHERE number = 2"),
      ("hash cut", "UPDATE audit SET hash = x'00' WHERE number = 7"),
    ] as [(String, String)]) func whatIsDoneToTheRecordsIsFound(_ what: String, _ sql: String) async throws
  {
    let test = TestArchive()
    let archive = try await Self.filled(test)
    let checkpoint = try await archive.operations(as: .current).auditCheckpoint()
    try await archive.database.write { try $0.execute(sql: sql) }
    #expect(try await !Self.verify(archive, [checkpoint]).isWhole, "\(what)")
    try await archive.close()
  }

  /// Whoever writes the chain anew from some record on, hashes and all, is found by the checkpoint alone.
  @Test func aChainThatWasWrittenAnewDoesNotMeetTheCheckpoint() async throws {
    let test = TestArchive()
    let archive = try await Self.filled(test)
    let checkpoint = try await archive.operations(as: .current).auditCheckpoint()
    try await archive.database.write { database in
      try database.execute(sql: "DELETE FROM audit WHERE number >= 3; DELETE FROM audit_subject WHERE record >= 3")
      for number in 0..<10 {
        try AuditTable.append(
          AuditEntry(at: Double(number), .node, "node started", by: .node), in: database)
      }
    }
    #expect(try await Self.verify(archive).isWhole)
    #expect(try await !Self.verify(archive, [checkpoint]).isWhole)
    try await archive.close()
  }

  @Test func whatWasPrunedIsSaidAndTheRestHolds() async throws {
    let test = TestArchive()
    var archive = try await Self.filled(test)
    let early = try await archive.operations(as: .current).auditCheckpoint()
    test.clock.advance(by: 86_400)
    try await archive.store(TestObject(instance: "9.9"))
    let late = try await archive.operations(as: .current).auditCheckpoint()
    let count = try await archive.operations(as: .current).pruneAudit(before: test.clock.now - 3600)
    #expect(count == 7)
    var report = try await Self.verify(archive, [early, late])
    #expect(report.isWhole, "\(report.faults)")
    #expect(report.first == 8)
    #expect(report.checkpointsHeld == 2)
    // Again, with the first cut's record cut too.
    test.clock.advance(by: 86_400)
    #expect(try await archive.operations(as: .current).pruneAudit(before: test.clock.now) == 2)
    report = try await Self.verify(archive, [early, late])
    #expect(report.isWhole, "\(report.faults)")
    #expect(report.records == 1)
    try await archive.close()
    archive = try test.open()
    #expect(try await Self.verify(archive).isWhole)
    // One more is taken by hand.
    try await archive.store(TestObject(instance: "9.10"))
    try await archive.database.write {
      try $0.execute(sql: "DELETE FROM audit WHERE number = (SELECT MIN(number) FROM audit)")
    }
    #expect(try await !Self.verify(archive).isWhole)
    await #expect(throws: ArchiveError.self) {
      try await archive.operations(as: .current).pruneAudit(before: test.clock.now + 1)
    }
    try await archive.close()
  }

  /// What was recorded after the backup goes on where the backup's chain ends; a checkpoint made in between still holds.
  @Test func aRestoreDoesNotShortenTheChain() async throws {
    let (test, vault) = (TestArchive(), TestArchive())
    let archive = try await Self.filled(test)
    _ = try await archive.operations(as: .current).backup(to: vault.directory, keeping: nil)
    try await archive.store(TestObject(instance: "9.9"))
    _ = try await archive.operations(as: .current).delete(.study(uid: "1.0"), DeletionOrder(reason: "wish"))
    let checkpoint = try await archive.operations(as: .current).auditCheckpoint()
    try await archive.close()
    let report = try await Restore.perform(
      from: vault.directory, name: nil, into: test.directory, revokingGrants: false)
    #expect(report.carriedOver.contains("audit"))
    let again = try test.open()
    let verification = try await Self.verify(again, [checkpoint])
    #expect(verification.isWhole, "\(verification.faults)")
    #expect(verification.checkpointsHeld == 1)
    let acts = try await again.operations(as: .current).auditRecords(AuditFilter(), before: nil, limit: 100).map(\.act)
    #expect(acts.contains("restore") && acts.contains("delete"))
    try await again.close()
  }

  /// Into a directory whose audit is another chain: that is said, and the other chain stays aside.
  @Test func aRestoreOverAnotherChainSaysSo() async throws {
    let (test, other, vault) = (TestArchive(), TestArchive(), TestArchive())
    let archive = try await Self.filled(test)
    _ = try await archive.operations(as: .current).backup(to: vault.directory, keeping: nil)
    try await archive.close()
    let stranger = try await Self.filled(other)
    for number in 0..<5 { try await stranger.store(TestObject(instance: "8.\(number)")) }
    try await stranger.close()
    let report = try await Restore.perform(
      from: vault.directory, name: nil, into: other.directory, revokingGrants: false)
    #expect(report.warnings.contains { $0.contains("another chain") })
    let again = try other.open()
    #expect(try await Self.verify(again).isWhole)
    try await again.close()
  }

  @Test func aReindexLeavesTheChainAlone() async throws {
    let test = TestArchive()
    let archive = try await Self.filled(test)
    let checkpoint = try await archive.operations(as: .current).auditCheckpoint()
    _ = try await archive.operations(as: .current).reindex()
    let report = try await Self.verify(archive, [checkpoint])
    #expect(report.isWhole && report.checkpointsHeld == 1)
    try await archive.close()
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB
import Testing

@testable import Archive

/// Whoever can write to the database takes records away and writes down that they were pruned: the chain holds, hashes and all.
@Suite struct AuditCutTests {
  /// What a forger writes. Days count from when the checkpoints were taken: seven records on day 0, three on day 10.
  struct Forgery: Sendable, CustomTestStringConvertible {
    let what: String
    var through: Int64 = 3
    /// What was pruned is from before this day, as the record says.
    var before: Double? = 0
    /// When the record says it was written.
    var written = 20.0
    var count: Int? = 3
    var kind = AuditKind.audit
    var outcome = AuditOutcome.success
    var isFound = true

    var testDescription: String { what }
  }

  private static let day = 86_400.0

  /// Seven records, a checkpoint, ten days, three records, a checkpoint, ten days.
  private static func world(
    _ test: TestArchive
  ) async throws -> (archive: Archive, start: Double, checkpoints: [AuditCheckpoint]) {
    let archive = try await AuditChainTests.filled(test)
    let start = test.clock.now
    test.clock.advance(by: 60)
    var checkpoints = [try await archive.operations(as: .current).auditCheckpoint()]
    test.clock.advance(by: 10 * day)
    for number in 0..<3 { try await archive.store(TestObject(instance: "9.1\(number)")) }
    checkpoints.append(try await archive.operations(as: .current).auditCheckpoint())
    test.clock.advance(by: 10 * day)
    return (archive, start, checkpoints)
  }

  private static func forge(_ forgery: Forgery, from start: Double, in archive: Archive) async throws {
    try await archive.database.write { database in
      let hash = try Data.fetchOne(
        database, sql: "SELECT hash FROM audit WHERE number = ?", arguments: [forgery.through])
      let before = forgery.before.map { " before \(Moment.text(start + $0 * day))" } ?? ""
      try AuditTable.append(
        AuditEntry(
          at: start + forgery.written * day, forgery.kind, AuditCut.act, forgery.outcome, by: AuditActor(.current),
          count: forgery.count, detail: "through \(forgery.through) hash \(Arrival.hex(Array(hash ?? Data())))\(before)"
        ),
        in: database)
      try database.execute(sql: "DELETE FROM audit_subject WHERE record <= ?", arguments: [forgery.through])
      try database.execute(sql: "DELETE FROM audit WHERE number <= ?", arguments: [forgery.through])
    }
  }

  @Test(arguments: [
    // What the checkpoint of day 0 saw is of day 0, and gone: it was not from before day -1.
    Forgery(what: "more than the bound allows, up to a checkpoint", through: 7, before: -1, count: 7),
    Forgery(what: "more than the bound allows, beyond a checkpoint", through: 8, before: -1, count: 8),
    Forgery(what: "more than the bound allows, beyond both", through: 10, before: 5, count: 10),
    Forgery(what: "more than the bound allows, and itself all that is left", through: 10, before: -1, count: 10),
    Forgery(what: "before what was still to come", before: 21),
    Forgery(what: "before what was to come when it was written", before: 15, written: 12),
    Forgery(what: "written in the future", before: -1, written: 30),
    Forgery(what: "bound and record in the future", before: 29, written: 30),
    Forgery(what: "written before the checkpoint that did not see it", before: -1, written: 9),
    Forgery(what: "no bound", before: nil),
    Forgery(what: "no count", before: -1, count: nil),
    Forgery(what: "none counted", before: -1, count: 0),
    Forgery(what: "more counted than there ever were", before: -1, count: 4),
    Forgery(what: "of another kind", before: -1, kind: .node),
    Forgery(what: "pruning that failed", before: -1, outcome: .failed),
    // As a prune by hand would stand: only the words say what cannot be told.
    Forgery(what: "as it might have been", through: 7, before: 1, count: 7, isFound: false),
  ]) func whatCannotHaveBeenPrunedIsFound(_ forgery: Forgery) async throws {
    let test = TestArchive()
    let (archive, start, checkpoints) = try await Self.world(test)
    try await Self.forge(forgery, from: start, in: archive)
    let report = try await archive.operations(as: .current).verifyAudit(checkpoints)
    #expect(report.isWhole != forgery.isFound, "\(report)")
    #expect(report.pruned?.isConfirmed == false)
    #expect(report.untold.contains { $0.contains("no checkpoint taken since") })
    try await archive.close()
  }

  /// It has to be proven by something that the last checkpoint saw.
  @Test(
    arguments: [(7, [0], false), (7, [0, 1], true), (8, [0], false), (10, [0, 1], false), (6, [0], true)]
      as [(
        Int64, [Int], Bool
      )])
  func whatTheLastCheckpointSawHasToBeThere(_ through: Int64, _ given: [Int], _ isProven: Bool) async throws {
    let test = TestArchive()
    let (archive, start, checkpoints) = try await Self.world(test)
    try await Self.forge(
      Forgery(what: "", through: through, before: 15, count: Int(through)), from: start, in: archive)
    let operations = archive.operations(as: .current)
    let given = given.map { checkpoints[$0] }
    // Nobody says how long records are kept here.
    #expect(try await !operations.verifyAudit(given).isProven)
    let report = try await operations.verifyAudit(given, retention: 5 * Self.day)
    #expect(report.isWhole, "\(report.faults)")
    #expect(report.isProven == isProven)
    #expect(report.untold.contains { $0.contains("nothing that the last checkpoint") } != isProven)
    try await archive.close()
  }

  /// A checkpoint of an earlier version does not say when what it saw was written, which may rightly have been pruned: that is
  /// not proven.
  @Test func anEarlierCheckpointProvesNothingOfWhatWasPruned() async throws {
    let test = TestArchive()
    let (archive, start, checkpoints) = try await Self.world(test)
    let earlier = try JSONDecoder().decode(
      AuditCheckpoint.self,
      from: Data(#"{"at":"\#(checkpoints[0].at)","head":"\#(checkpoints[0].head)","records":7}"#.utf8))
    try await Self.forge(Forgery(what: "", through: 8, before: -1, count: 8), from: start, in: archive)
    let report = try await archive.operations(as: .current).verifyAudit([earlier])
    #expect(report.isWhole && !report.isProven, "\(report)")
    #expect(try await !archive.operations(as: .current).verifyAudit([checkpoints[0]]).isWhole)
    try await archive.close()
  }

  @Test(arguments: [(21.0, false), (19.0, true)]) func whatWentBeforeItsTimeIsFound(
    _ before: Double, _ isWhole: Bool
  ) async throws {
    let test = TestArchive()
    let (archive, start, checkpoints) = try await Self.world(test)
    test.clock.advance(by: 20 * Self.day)
    _ = try await archive.operations(as: .current).pruneAudit(before: start + before * Self.day)
    let operations = archive.operations(as: .current)
    #expect(try await operations.verifyAudit(checkpoints).isWhole)
    // Forty days in all: what is older than twenty may go.
    #expect(try await operations.verifyAudit(checkpoints, retention: 20 * Self.day).isWhole == isWhole)
    try await archive.close()
  }

  @Test func whatWasPrunedIsConfirmedByTheNextCheckpoint() async throws {
    let test = TestArchive()
    let (archive, start, checkpoints) = try await Self.world(test)
    let operations = archive.operations(as: .current)
    let unpruned = try await operations.verifyAudit([])
    #expect(unpruned.isProven && unpruned.untold.count == 1)
    #expect(try await operations.verifyAudit(checkpoints).untold.isEmpty)
    #expect(try await operations.pruneAudit(before: start + Self.day) == 7)
    // Without a checkpoint nothing proves it, however long records are kept.
    for retention in [nil, 5 * Self.day] {
      let unproven = try await operations.verifyAudit([], retention: retention)
      #expect(unproven.isWhole && !unproven.isProven && unproven.untold.count == 2, "\(unproven)")
    }
    var report = try await operations.verifyAudit(checkpoints)
    #expect(report.isWhole && !report.isProven && report.untold.count == 1, "\(report)")
    let last = try await operations.auditCheckpoint()
    #expect(last.first == 8 && last.recorded == Moment.text(test.clock.now))
    report = try await operations.verifyAudit(checkpoints + [last])
    #expect(report.isProven && report.untold.isEmpty && report.pruned?.isConfirmed == true, "\(report)")
    #expect(report.pruned?.through == 7 && report.pruned?.by == AuditActor(.current).principal)
    // Once more, by retention, through what the first two saw.
    test.clock.advance(by: 10 * Self.day)
    #expect(try await archive.pruneAudit(olderThan: 15 * Self.day, keepingFor: nil) == 3)
    report = try await operations.verifyAudit(checkpoints + [last], retention: 15 * Self.day)
    #expect(report.isProven && report.untold.count == 1, "\(report)")
    try await archive.close()
  }

  /// Said, not judged: a clock may have been set.
  @Test func aRecordOfAnotherTimeThanItsNeighboursIsSaid() async throws {
    let test = TestArchive()
    let (archive, start, checkpoints) = try await Self.world(test)
    try await Self.forge(Forgery(what: "", before: -1, written: 5), from: start, in: archive)
    let report = try await archive.operations(as: .current).verifyAudit([checkpoints[0]])
    #expect(report.isWhole, "\(report.faults)")
    #expect(report.untold.contains { $0.contains("a clock was set back") })
    try await archive.close()
  }
}

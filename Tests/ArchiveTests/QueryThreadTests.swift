// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import GRDBSQLite
import GRDB
import Testing

@testable import Archive

/// What is kept between two questions of the same reading thread makes no difference to what is answered.
@Suite struct QueryThreadTests {
  /// Nothing is committed when a membership begins or ends.
  @Test func aMembershipBeginsAndEndsByItself() async throws {
    let test = TestArchive(inMemory: true)
    let archive = try test.openUnsafely()
    try await archive.store(TestObject(instance: "1.1"))
    let caller = try await archive.makeCaller("MEMBER")
    let administration = archive.administration(as: .current)
    try await administration.setGroup("practice", members: [])
    let now = test.clock.now
    try await administration.addMember("MEMBER", toGroup: "practice", since: now + 10, until: now + 20)
    _ = try await administration.addGrant(to: "practice", scope: .everything, until: nil)
    for (seconds, isSeen) in [(0.0, false), (9, false), (1, true), (9, true), (1, false), (-1, true), (-10, false)] {
      test.clock.advance(by: seconds)
      let seen = try await archive.values(of: .studyInstanceUID, at: .study, as: caller)
      #expect(seen.isEmpty != isSeen, "\(test.clock.now - now)")
    }
    try await archive.close()
  }

  /// While records of the audit are committed all the time, by which nothing is decided.
  @Test func whatDecidesIsSeenByTheNextQuestion() async throws {
    let test = TestArchive(inMemory: true)
    let archive = try test.openUnsafely()
    let caller = try await archive.makeCaller("READER")
    let administration = archive.administration(as: .current)
    for round in 0..<60 {
      try await archive.store(TestObject(instance: "1.\(round)", series: "1.5.\(round)", study: "1.6.\(round)"))
      let grant = try await administration.addGrant(to: "READER", scope: .study(uid: "1.6.\(round)"), until: nil)
      for _ in 0..<2 {
        archive.audit.note(AuditEntry(at: archive.audit.time, .audit, "noted", .success, by: .node))
        await archive.audit.flush()
        #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller) == ["1.6.\(round)"])
      }
      try await administration.revokeGrant(grant.number)
      #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller).isEmpty)
    }
    try await archive.close()
  }

  /// Whoever asks decides how many different statements there are, also by questions that are given up.
  @Test(arguments: [false, true])
  func statementsDoNotPileUp(areGivenUp: Bool) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let thread = try QueryThread(
      number: 9, path: "\(test.directory)/index.sqlite", changes: ChangeWatch(),
      checkpoints: archive.checkpoints)
    let columns = (0..<60).map { "v_00080018 || \($0)" }.joined(separator: ", ")
    var most = 0
    for number in 0..<1000 {
      let held: Int = await withCheckedContinuation { continuation in
        thread.perform { database, _ in
          _ = try SelectedRows("SELECT \(number), \(columns) FROM instance", in: database).next()
          var (used, highest) = (CInt(), CInt())
          sqlite3_db_status(database.sqliteConnection, SQLITE_DBSTATUS_STMT_USED, &used, &highest, 0)
          // Now and then one is answered, to say how many there are.
          if areGivenUp, number % 10 > 0 { throw CancellationError() }
          return Int(used)
        } done: { result in
          continuation.resume(returning: (try? result.get()) ?? 0)
        }
      }
      most = max(most, held)
    }
    #expect((4_000_000..<16_000_000).contains(most), "\(most)")
    try thread.close()
    try await archive.close()
  }

  /// Where somebody asks all the time and something is written all the time.
  @Test func theLogGoesIntoTheDatabase() async throws {
    let test = TestArchive(inMemory: true)
    let archive = try test.openUnsafely()
    let caller = try await archive.makeCaller("READER")
    var longest = 0
    for _ in 0..<80 {
      // 2 MB, in a table by which nothing is decided.
      try await archive.database.write { database in
        try database.execute(
          sql: """
            INSERT INTO knock (calling, called, address, reason, count, first, last)
            VALUES ('A', 'B', 'C', hex(zeroblob(1000000)), 1, 0, 0)
            """)
      }
      try await archive.database.write { try $0.execute(sql: "DELETE FROM knock") }
      _ = try await archive.values(of: .studyInstanceUID, at: .study, as: caller)
      let log = try FileManager.default.attributesOfItem(atPath: "\(test.directory)/index.sqlite-wal")[.size] as? Int
      longest = max(longest, try #require(log))
    }
    #expect((30_000_000..<60_000_000).contains(longest), "\(longest)")
    try await archive.close()
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

/// What is read on a thread that others wait for is over soon, or given up.
@Suite struct BriefReadingTests {
  private static let endless = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n
    """

  private static func withThreads(_ body: (QueryThreads) async throws -> Void) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let threads = try QueryThreads(
      count: 1, path: "\(test.directory)/index.sqlite", changes: ChangeWatch(), checkpoints: archive.checkpoints)
    try await body(threads)
    try threads.close()
    try await archive.close()
  }

  @Test(.timeLimit(.minutes(5))) func whatTakesLongIsGivenUpAndLeavesNothingBehind() async throws {
    try await Self.withThreads { threads in
      for _ in 0..<20 {
        let given = threads.readBriefly { database, _ in try Int.fetchOne(database, sql: Self.endless) }
        #expect(given == nil)
        // Neither its limit nor its transaction.
        #expect(threads.readBriefly(within: .seconds(60)) { database, _ in database.isInsideTransaction } == true)
        let reading = threads.begin { database, _ in try Int.fetchOne(database, sql: "SELECT 2") }
        let read = try await reading.value()
        #expect(read == 2)
      }
    }
  }

  @Test func whatFailsIsLeftToAThread() async throws {
    try await Self.withThreads { threads in
      let failed = threads.readBriefly { database, _ in try Int.fetchOne(database, sql: "SELECT nothing") }
      #expect(failed == nil)
      let two = threads.readBriefly(within: .seconds(60)) { database, _ in try Int.fetchOne(database, sql: "SELECT 2") }
      #expect(two == 2)
    }
  }

  /// A connection that is reading is not waited for.
  @Test(.timeLimit(.minutes(5))) func nobodyWaitsForAnothersReading() async throws {
    try await Self.withThreads { threads in
      let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
      let isOver = DispatchSemaphore(value: 0)
      let reading = threads.begin { _, _ in
        beginning.finish()
        isOver.wait()
        return 1
      }
      for await _ in begun {}
      #expect(threads.readBriefly(within: .seconds(60)) { _, _ in 2 } == nil)
      isOver.signal()
      let read = try await reading.value()
      #expect(read == 1)
    }
  }

  @Test func onlyAKeyThatSelectsFewIsWorthIt() {
    typealias Key = (DICOMData.Tag, MatchingKey.Matching)
    let cases: [(keys: [Key], isBrief: Bool)] = [
      ([], false),
      ([(.patientID, .singleValue("P1"))], true),
      ([(.accessionNumber, .singleValue("A1")), (.patientName, .wildcard("*"))], true),
      ([(.studyInstanceUID, .uidList(["1.2"]))], true),
      ([(.seriesInstanceUID, .uidList(["1.2"]))], true),
      ([(.studyInstanceUID, .uidList(["1.2", "1.3"]))], false),
      ([(.studyInstanceUID, .universal)], false),
      ([(.patientID, .wildcard("P*"))], false),
      ([(.patientName, .singleValue("DOE"))], false),
      ([(.studyDate, .range(from: "20200101", to: nil))], false),
      ([(.patientID, .singleValue("P1"))] + Array(repeating: (.studyID, .universal), count: 63), true),
      ([(.patientID, .singleValue("P1"))] + Array(repeating: (.studyID, .universal), count: 64), false),
    ]
    for (keys, isBrief) in cases {
      let query = FindQuery(
        informationModel: .studyRoot, level: .study, keys: keys.map { MatchingKey(tag: $0.0, matching: $0.1) },
        returning: [])
      #expect(query.isBrief == isBrief, "\(keys)")
    }
  }

  @Test(.timeLimit(.minutes(5))) func itReadsWhatAThreadReads() async throws {
    let test = TestArchive(inMemory: true)
    let archive = try test.openUnsafely()
    try await archive.store(TestObject(instance: "1.1"))
    let caller = try await archive.makeCaller("READER")
    let query = FindQuery(
      informationModel: .studyRoot, level: .study,
      keys: [MatchingKey(tag: .studyInstanceUID, matching: .uidList(["1.2"]))], returning: [.studyInstanceUID])
    let administration = archive.administration(as: .current)
    for isOpen in [false, true, false] {
      if isOpen {
        _ = try await administration.addGrant(to: "READER", scope: .everything, until: nil)
      } else {
        for grant in try await administration.grants() { try await administration.revokeGrant(grant.number) }
      }
      let reader = archive.reading(as: caller)
      let read = try await reader.page(of: query, after: nil)
      // On a machine that has much to do a moment may pass with nothing read.
      let end = ContinuousClock.now + .seconds(120)
      var page = reader.brief(query).page
      while page == nil, ContinuousClock.now < end { page = reader.brief(query).page }
      let brief = try #require(page)
      #expect(brief.values.bytes == read.values.bytes && brief.disclosure == read.disclosure)
      #expect(brief.count == read.count && brief.generation == read.generation)
    }
    try await archive.close()
  }
}

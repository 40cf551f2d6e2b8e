// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import Testing

@testable import Archive

@Suite struct RandomScheduleTests {
  /// F17: stores, deletions, queries, grants, checks, reindexing and backups at once, in an order that follows from a seed.
  /// Each worker asks at once for what it was told: what is acknowledged is visible, what is deleted is not.
  @Test(arguments: [1, 2] as [UInt64])
  func whatIsAcknowledgedIsVisible(seed: UInt64) async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    let caller = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    let survivors = try await withThrowingTaskGroup(of: Set<String>.self) { group in
      for worker in 0..<4 {
        group.addTask { try await Self.work(worker, seed: seed, in: archive, as: caller) }
      }
      group.addTask {
        for _ in 0..<3 {
          _ = try await operations.reindex()
          let report = try await operations.check(CheckOrder())
          #expect(report.faults == [])
        }
        return []
      }
      group.addTask {
        for _ in 0..<3 {
          let report = try await operations.backup(to: vault.directory, keeping: 2)
          #expect(report.isClean)
        }
        return []
      }
      return try await group.reduce(into: Set()) { $0.formUnion($1) }
    }
    #expect(Set(try await archive.values(of: .sopInstanceUID, at: .image, as: caller)) == survivors)
    #expect(try await operations.check(CheckOrder()).faults == [])
    #expect(try test.files(in: "instances").count == survivors.count)
    #expect(try await operations.statistics().instances == survivors.count)
    let before = try IndexDump(of: archive)
    _ = try await operations.reindex()
    #expect(try IndexDump(of: archive) == before)
    try await archive.close()
  }

  /// Returns what it left.
  private static func work(
    _ worker: Int, seed: UInt64, in archive: Archive, as caller: Caller
  ) async throws -> Set<String> {
    var random = SeededGenerator(seed: seed &* 31 &+ UInt64(worker))
    var stored: Set<String> = []
    for step in 0..<50 {
      if Int.random(in: 0..<3, using: &random) == 0, let uid = stored.randomElement(using: &random) {
        _ = try await archive.operations(as: .current).delete(.instance(uid: uid), DeletionOrder(reason: "test"))
        stored.remove(uid)
        #expect(try await isVisible(uid, in: archive, to: caller) == false)
      } else {
        let uid = "\(worker + 1).\(step)"
        let study = "9.\(Int.random(in: 0..<4, using: &random))"
        try await archive.store(
          TestObject(
            instance: uid, series: "\(study).1", study: study, name: "Name^\(Int.random(in: 0..<2, using: &random))"))
        stored.insert(uid)
        #expect(try await isVisible(uid, in: archive, to: caller))
      }
    }
    return stored
  }

  private static func isVisible(_ uid: String, in archive: Archive, to caller: Caller) async throws -> Bool {
    let key = MatchingKey(tag: .sopInstanceUID, matching: .uidList([uid]))
    return try await archive.values(of: .sopInstanceUID, at: .image, as: caller, [key]) == [uid]
  }

  /// The same bytes and others, again and again, while the object is deleted: no acknowledged version is lost by it.
  @Test func oneUIDIsStoredAndDeletedByMany() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for sender in 0..<64 {
        group.addTask { try await archive.store(TestObject(instance: "1.1", comment: "\(sender % 3)")) }
      }
      group.addTask {
        for _ in 0..<5 { _ = try? await operations.delete(.instance(uid: "1.1"), DeletionOrder(reason: "test")) }
      }
      try await group.waitForAll()
    }
    for comment in 0..<3 { try await archive.store(TestObject(instance: "1.1", comment: "\(comment)")) }
    #expect(try test.files(in: "instances").count == 3)
    #expect(try await operations.check(CheckOrder()).faults == [])
    try await archive.close()
  }

  @Test func aCheckIsDueWhenItsTimeHasCome() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    #expect(try await operations.timeUntilNextCheck(every: .seconds(3600)) == .seconds(3600), "nothing is stored")
    try await archive.store(TestObject(instance: "1.1"))
    test.clock.advance(by: 3000)
    #expect(try await operations.timeUntilNextCheck(every: .seconds(3600)) == .seconds(600))
    test.clock.advance(by: 700)
    #expect(try await operations.timeUntilNextCheck(every: .seconds(3600)) < .zero)
    _ = try await operations.check(CheckOrder(continues: true))
    #expect(try await operations.timeUntilNextCheck(every: .seconds(3600)) == .seconds(3600))
    try await archive.close()
  }

  /// A correction moves a study; holds, deletions and reindexing still know what was received.
  @Test func correctionsAndOperationsAgree() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    let operations = archive.operations(as: .current)
    let corrections = archive.corrections(as: .current)
    let first = try #require(PatientIdentity(id: "P1", issuer: nil))
    let second = try #require(PatientIdentity(id: "P2", issuer: nil))
    _ = try await operations.addHold(.patient(id: "P1", issuer: nil), reason: "lawsuit")
    _ = try await corrections.merge(first, into: second, reason: "one person", agreed: true)
    await #expect(throws: ArchiveError.self, "what was P1's is held") {
      try await operations.delete(.study(uid: "2"), DeletionOrder(reason: "test"))
    }
    try await operations.releaseHold(1, reason: "over")
    let before = try IndexDump(of: archive)
    _ = try await operations.reindex()
    #expect(try IndexDump(of: archive) == before)
    #expect(try await operations.deletionPreview(.patient(id: "P2", issuer: nil)).instances == 6)
    _ = try await operations.delete(.instance(uid: "1.1"), DeletionOrder(reason: "test"))
    let less = try IndexDump(of: archive)
    _ = try await operations.reindex()
    #expect(try IndexDump(of: archive) == less)
    #expect(try await operations.check(CheckOrder()).faults == [])
    _ = try await operations.delete(.patient(id: "P2", issuer: nil), DeletionOrder(reason: "test"))
    #expect(try await operations.check(CheckOrder()).faults == [])
    #expect(try await operations.statistics().patients == 0)
    try await archive.close()
  }
}

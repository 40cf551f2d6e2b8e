// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct ReindexTests {
  /// The index that is built from the files is the one that was built as they came: every row, every column, every number.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func itGivesTheSameTablesAsIngest(seed: UInt64) async throws {
    let test = TestArchive()
    let archive = try test.open()
    var random = SeededGenerator(seed: seed)
    for object in TestWorld.objects(&random) {
      try await archive.store(object)
      test.clock.advance(by: 1)
      if Bool.random(using: &random) {
        var other = object
        other.comment = "changed"
        other.name = "Changed^Name"
        try await archive.store(other)
      }
    }
    try await archive.storeFixtures()
    let before = try ExactIndexDump.exact(test)
    #expect(before.count > 60)
    let report = try await archive.operations(as: .current).reindex()
    #expect(report.isClean && report.takenIn == 0)
    #expect(try ExactIndexDump.exact(test) == before)
    try await archive.close()
  }

  @Test(arguments: [4, 5] as [UInt64])
  func itGivesTheSameTablesAfterDeletions(seed: UInt64) async throws {
    let test = TestArchive()
    let archive = try test.open()
    var random = SeededGenerator(seed: seed)
    let objects = TestWorld.objects(&random)
    for object in objects {
      var named = object
      named.name = "Name^\(object.instance)"
      try await archive.store(named)
      test.clock.advance(by: 1)
    }
    let operations = archive.operations(as: .current)
    for object in objects.shuffled(using: &random).prefix(20) {
      _ = try await operations.delete(.instance(uid: object.instance), DeletionOrder(reason: "test"))
    }
    let before = try IndexDump(of: archive).lines
    #expect(before.filter { $0.hasPrefix("instance") }.count == objects.count - 20)
    _ = try await operations.reindex()
    #expect(try IndexDump(of: archive).lines == before)
    #expect(try await operations.check(CheckOrder()).isClean)
    try await archive.close()
  }

  @Test func whatIsNoIndexIsKept() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    _ = try await archive.makeCaller("WS")
    _ = try await archive.administration(as: .current).addGrant(to: "WS", scope: .study(uid: "2"), until: nil)
    let operations = archive.operations(as: .current)
    _ = try await operations.addHold(.study(uid: "3"), reason: "lawsuit")
    _ = try await operations.delete(.study(uid: "4"), DeletionOrder(reason: "test"))
    // The index is wrecked: rows are gone, others lie.
    let queue = try test.database()
    try await queue.write { database in
      try database.execute(
        sql: "DELETE FROM instance WHERE v_00080018 IN ('1.1', '1.4'); UPDATE study SET v_00100010 = 'Wrong'")
    }
    try queue.close()
    let report = try await operations.reindex()
    #expect(report.takenIn == 2)
    #expect(report.instances == 5)
    #expect(try await archive.administration(as: .current).grants().count == 1)
    #expect(try await operations.holds().count == 1)
    #expect(try await operations.deletions().count == 1)
    #expect(try await operations.check(CheckOrder()).isClean)
    let caller = try #require(try await archive.admitted("WS"))
    #expect(try await archive.values(of: .patientName, at: .study, as: caller) == ["Doe^John"])
    try await archive.close()
  }

  /// Damage does not become truth by being indexed.
  @Test func damagedFilesAreNotTakenForWhole() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let path = try await CheckTests.path(of: "1.2", in: test)
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(filePath: path))
    let operations = archive.operations(as: .current)
    let report = try await operations.reindex()
    #expect(report.quarantined.count == 1)
    #expect(!report.isClean)
    #expect(try await archive.instanceUIDs().count == all - 1)
    #expect(try await operations.check(CheckOrder()).faults.map(\.sopInstanceUID) == ["1.2"])
    try await archive.close()
  }

  /// The arrival record is lost too: the digest in the file's own head keeps damage from becoming truth.
  /// No backup, and the database gone: the next start knows every object again, and who sent it.
  @Test func aLostIndexIsBuiltByTheNextStart() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    try await archive.close()
    for name in try FileManager.default.contentsOfDirectory(atPath: test.directory) where name.hasPrefix("index.sqlite")
    {
      try FileManager.default.removeItem(atPath: "\(test.directory)/\(name)")
    }
    let again = try test.open()
    #expect(again.recovery.indexed == all)
    #expect(try await again.instanceUIDs().count == all)
    #expect(try await again.operations(as: .current).check(CheckOrder()).isClean)
    try await again.close()
    let afterwards = try test.open()
    #expect(afterwards.recovery.isEmpty)
    try await afterwards.close()
  }

  @Test func aStrayFileThatIsDamagedGoesToQuarantine() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    for (uid, isDamaged) in [("1.2", true), ("1.4", false)] {
      let path = try await CheckTests.path(of: uid, in: test)
      var bytes = try Data(contentsOf: URL(filePath: path))
      if isDamaged { bytes[bytes.count - 1] ^= 1 }
      try bytes.write(to: URL(filePath: path))
      try await archive.database.write { database in
        let number = try Int64.fetchOne(
          database, sql: "SELECT id FROM instance WHERE v_00080018 = ?", arguments: [uid])
        try database.execute(sql: "DELETE FROM instance WHERE id = ?", arguments: [number])
        try database.execute(sql: "DELETE FROM arrival WHERE number = ?", arguments: [number])
      }
    }
    let report = try await archive.operations(as: .current).reindex()
    #expect(report.takenIn == 1 && report.quarantined.count == 1)
    #expect(try await archive.instanceUIDs().count == all - 1)
    #expect(try await archive.operations(as: .current).check(CheckOrder()).isClean)
    try await archive.close()
  }

  /// Stores, deletions and reindexing at once: what was acknowledged and not deleted is there, and nothing else.
  @Test func itRunsWhileObjectsComeAndGo() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    for number in 0..<200 { try await archive.store(TestObject(instance: "1.\(number)", study: "S\(number % 7)")) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          for number in 0..<60 {
            try await archive.store(TestObject(instance: "2.\(worker).\(number)", study: "S\(number % 7)"))
          }
        }
      }
      group.addTask {
        for number in stride(from: 0, to: 200, by: 5) {
          _ = try await operations.delete(.instance(uid: "1.\(number)"), DeletionOrder(reason: "test"))
        }
      }
      group.addTask { for _ in 0..<4 { _ = try await operations.reindex() } }
      try await group.waitForAll()
    }
    let expected =
      (0..<200).filter { $0 % 5 != 0 }.map { "1.\($0)" }
      + (0..<4).flatMap { worker in (0..<60).map { "2.\(worker).\($0)" } }
    #expect(Set(try await archive.instanceUIDs()) == Set(expected))
    #expect(try await operations.check(CheckOrder()).faults == [])
    #expect(try test.files(in: "instances").count == expected.count)
    try await archive.close()
  }

  @Test func oneThatIsStoppedLeavesTheOldIndex() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    let before = try ExactIndexDump.exact(test)
    let progress = OperationProgress()
    progress.cancel()
    await #expect(throws: CancellationError.self) { try await archive.operations(as: .current).reindex(progress) }
    #expect(try ExactIndexDump.exact(test) == before)
    #expect(!FileManager.default.fileExists(atPath: "\(test.directory)/reindex.sqlite"))
    try await archive.close()
  }
}

extension Archive {
  func admitted(_ name: String) async throws -> Caller? {
    guard case .admitted(let caller, _) = try await caller(callingAETitle: name, address: "127.0.0.1") else {
      return nil
    }
    return caller
  }

  /// Every fixture, as its own file has it.
  func storeFixtures() async throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures").path(percentEncoded: false)
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where name.hasSuffix(".dcm") {
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(name)")))
      let file = try Part10File(reading: bytes, stoppingBefore: .pixelData)
      let reception = try await receive(
        Announcement(
          sopClassUID: file.dataSet.string(.sopClassUID) ?? "",
          sopInstanceUID: file.dataSet.string(.sopInstanceUID) ?? "",
          transferSyntaxUID: file.transferSyntax.uid, callingAETitle: "FIXTURES"), from: .operator(.current))
      try await reception.append(Array(bytes[file.dataSetOffset...]))
      _ = try await reception.commit()
    }
  }
}

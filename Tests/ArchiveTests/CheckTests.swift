// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation
import GRDB
import Glibc
import Testing

@testable import Archive

@Suite struct CheckTests {
  private enum Attack: CaseIterable { case remove, truncate, append, flipDataSet, flipLast }

  @Test func aWholeArchiveIsClean() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let report = try await archive.operations(as: .current).check(CheckOrder())
    #expect(report.isClean, "\(report.faults)")
    #expect(report.instances == all)
    #expect(report.bytes > 0)
    try await archive.close()
  }

  /// Whatever is taken is kept: whoever sends odd UIDs makes no damage of it.
  @Test func anOddUIDIsNoDamage() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let odd = ["1.2\0.3", "1.2\0\0.4", "1.2 x", "1.2.\u{7F}"]
    for uid in odd { #expect(try await archive.store(TestObject(instance: uid)) == .stored) }
    let operations = archive.operations(as: .current)
    #expect(try await operations.check(CheckOrder()).faults.map(\.detail) == [])
    _ = try await operations.reindex()
    let report = try await operations.check(CheckOrder())
    #expect(report.isClean, "\(report.faults)")
    #expect(report.instances == odd.count)
    try await archive.close()
  }

  /// F14: each damaged file is named in one pass, is not served, and is healed by the same object sent again.
  @Test(arguments: Attack.allCases)
  private func whatIsDamagedIsNamedAndNotServed(attack: Attack) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let victim = try await Self.path(of: "1.2", in: test)
    try Self.perform(attack, on: victim)
    let operations = archive.operations(as: .current)
    let report = try await operations.check(CheckOrder())
    #expect(report.faultCount == 1)
    #expect(report.faults.first?.sopInstanceUID == "1.2")
    #expect(report.faults.first?.kind == (attack == .remove ? .missing : .corrupt))
    #expect(try await archive.instanceUIDs().count == all - 1)
    // Still so, after another check, a reindex and a start.
    #expect(try await operations.check(CheckOrder()).faultCount == 1)
    let reindexed = try await operations.reindex()
    #expect(reindexed.flagged == 1)
    #expect(try await archive.instanceUIDs().count == all - 1)
    #expect(try await archive.store(TestObject(instance: "1.2")) == .stored)
    #expect(try await archive.instanceUIDs().count == all)
    #expect(try await operations.check(CheckOrder()).isClean)
    try await archive.close()
    let again = try test.open()
    #expect(try await again.instanceUIDs().count == all)
    try await again.close()
  }

  @Test func whatWasReadWrongOnceIsHealed() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let victim = try await Self.path(of: "1.2", in: test)
    let whole = try Data(contentsOf: URL(filePath: victim))
    try Self.perform(.flipLast, on: victim)
    let operations = archive.operations(as: .current)
    #expect(try await operations.check(CheckOrder()).faultCount == 1)
    let quarantined = try #require(try test.files(in: "quarantine").first)
    try whole.write(to: URL(filePath: "\(test.directory)/quarantine/\(quarantined)"))
    let report = try await operations.check(CheckOrder())
    #expect(report.isClean)
    #expect(report.healed == 1)
    #expect(try await archive.instanceUIDs().count == all)
    try await archive.close()
  }

  /// Every byte before the data set counts too.
  @Test func aDamagedHeadIsNamedAndTheDataSetServed() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    let path = try await Self.path(of: "1.1", in: test)
    let whole = try Data(contentsOf: URL(filePath: path))
    let head = try Part10File(reading: [UInt8](whole)).dataSetOffset
    for offset in [0, 127, 130, 140, head - 1] {
      var damaged = whole
      damaged[offset] ^= 0x01
      try damaged.write(to: URL(filePath: path))
      let report = try await archive.operations(as: .current).check(CheckOrder())
      #expect(report.faults.map(\.kind) == [.damagedHead], "\(offset)")
      // It follows from the records, and is written anew.
      #expect(try await archive.operations(as: .current).check(CheckOrder()).isClean, "\(offset)")
      #expect(try Data(contentsOf: URL(filePath: path)) == whole, "\(offset)")
    }
    #expect(try await archive.instanceUIDs() == ["1.1"])
    try await archive.close()
  }

  /// A head that is whole and a record that says something else: it need not be the file that was changed.
  @Test func aWholeHeadIsNotWrittenOver() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    let path = try await Self.path(of: "1.1", in: test)
    let whole = try Data(contentsOf: URL(filePath: path))
    try await archive.database.write { try $0.execute(sql: "UPDATE arrival SET sender = 'another'") }
    for _ in 0..<2 {
      let report = try await archive.operations(as: .current).check(CheckOrder())
      #expect(report.faults.map(\.kind) == [.damagedHead])
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == whole)
    try await archive.close()
  }

  /// Nobody waits for what a pipe will never give.
  @Test(.timeLimit(.minutes(10))) func aPipeInThePlaceOfAFileIsNamed() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    let victim = try await Self.path(of: "1.2", in: test)
    try FileManager.default.removeItem(atPath: victim)
    #expect(mkfifo(victim, 0o600) == 0)
    let operations = archive.operations(as: .current)
    let faults = try await operations.check(CheckOrder()).faults
    #expect(faults.map(\.kind) == [.unreadable], "\(faults)")
    #expect(try await operations.reindex().unreadable.count == 1)
    try await archive.close()
  }

  @Test func strayFilesAndRowsThatContradictAreNamed() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    let stray = "\(test.directory)/instances/ff/\(String(repeating: "f", count: 32)).dcm"
    try Data("stray".utf8).write(to: URL(filePath: stray))
    let operations = archive.operations(as: .current)
    // It came a moment ago: its row may be on its way.
    #expect(try await operations.check(CheckOrder()).isClean)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: stray)
    #expect(try await operations.check(CheckOrder()).faults.map(\.kind) == [.strayFile])
    try FileManager.default.removeItem(atPath: stray)
    // What somebody else put there ends no check.
    let alien = "\(test.directory)/instances/.nfs0001"
    try Data("alien".utf8).write(to: URL(filePath: alien))
    #expect(try await operations.check(CheckOrder()).faults.map(\.kind) == [.strayFile])
    try FileManager.default.removeItem(atPath: alien)
    for (sql, kind) in [
      ("UPDATE instance SET digest = x'00' WHERE v_00080018 = '1.1'", CheckFault.Kind.index),
      ("DELETE FROM series WHERE v_0020000e = '4.1'", .index),
    ] {
      let queue = try test.database()
      try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA foreign_keys = OFF; \(sql)") }
      try queue.close()
      let report = try await operations.check(CheckOrder())
      #expect(report.faultCount > 0 && report.faults.allSatisfy { $0.kind == kind }, "\(sql): \(report.faults)")
      _ = try await operations.reindex()
      #expect(try await operations.check(CheckOrder()).isClean)
    }
    try await archive.close()
  }

  @Test func aDeletedFileThatIsBackIsRemoved() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    let path = try await Self.path(of: "1.1", in: test)
    let bytes = try Data(contentsOf: URL(filePath: path))
    let operations = archive.operations(as: .current)
    _ = try await operations.delete(.instance(uid: "1.1"), DeletionOrder(reason: "test"))
    try bytes.write(to: URL(filePath: path))
    #expect(try await operations.check(CheckOrder()).faults.map(\.kind) == [.deletedFileWasBack])
    #expect(try await operations.check(CheckOrder()).isClean)
    #expect(!FileManager.default.fileExists(atPath: path))
    try await archive.close()
  }

  @Test func aCheckThatIsStoppedGoesOnWhereItWas() async throws {
    let test = TestArchive()
    let archive = try test.open()
    for number in 0..<200 { try await archive.store(TestObject(instance: "1.\(number)")) }
    let operations = archive.operations(as: .current)
    let progress = OperationProgress()
    let slow = Task { try await operations.check(CheckOrder(bytesPerSecond: 1), progress) }
    slow.cancel()
    await #expect(throws: CancellationError.self) { try await slow.value }
    let queue = try test.database()
    try await queue.write { try $0.execute(sql: "UPDATE scrub SET position = 128") }
    #expect(try await operations.check(CheckOrder(continues: true)).instances == 72)
    #expect(try await operations.check(CheckOrder(continues: true)).instances == 200)
    try await archive.close()
  }

  @Test func twoOfAKindDoNotRunAtOnce() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    try operations.gate.during(.check) {
      #expect(throws: ArchiveError.self) { try operations.gate.during(.check) {} }
      #expect(throws: ArchiveError.self) { try operations.gate.during(.reindex) {} }
      try operations.gate.during(.backup) {}
    }
    try operations.gate.during(.reindex) {}
    try await archive.close()
  }

  static func path(of instance: String, in test: TestArchive) async throws -> String {
    let root = "\(test.directory)/instances/"
    let file = try test.files(in: "instances").first {
      try Part10Identity(path: root + $0).sopInstanceUID == instance
    }
    return root + (try #require(file))
  }

  private static func perform(_ attack: Attack, on path: String) throws {
    var bytes = try Data(contentsOf: URL(filePath: path))
    switch attack {
    case .remove: return try FileManager.default.removeItem(atPath: path)
    case .truncate: bytes.removeLast()
    case .append: bytes.append(0)
    case .flipDataSet: bytes[try Part10File(reading: [UInt8](bytes)).dataSetOffset + 9] ^= 0x10
    case .flipLast: bytes[bytes.count - 1] ^= 0x01
    }
    try bytes.write(to: URL(filePath: path))
  }
}

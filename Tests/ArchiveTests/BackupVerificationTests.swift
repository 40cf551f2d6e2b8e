// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing

@testable import Archive

/// A vault is judged where it lies: what is whole is said to be, and what is not is named.
@Suite struct BackupVerificationTests {
  private struct Made {
    let vault = TestArchive()
    let names: [String]
    let instances: Int

    /// Two backups, the second with one object more.
    init() async throws {
      let test = TestArchive()
      let archive = try test.open()
      let all = try await archive.storeFamily()
      let operations = archive.operations(as: .current)
      let first = try await operations.backup(to: vault.directory, keeping: nil)
      test.clock.advance(by: 60)
      try await archive.store(TestObject(instance: "9.9"))
      let second = try await operations.backup(to: vault.directory, keeping: nil)
      try await archive.close()
      (names, instances) = ([first.name, second.name], all)
    }

    func verify(_ name: String? = nil) async throws -> BackupVerificationReport {
      try await BackupVerification.perform(of: vault.directory, name: name)
    }

    func file(of instance: String) throws -> String {
      let database = try DatabaseQueue(path: "\(vault.directory)/backups/\(names[1])/index.sqlite")
      let object = try database.read {
        try String.fetchOne($0, sql: "SELECT object FROM instance WHERE v_00080018 = ?", arguments: [instance])
      }
      try database.close()
      let name = try #require(object)
      return "\(vault.directory)/objects/\(name.prefix(2))/\(name).dcm"
    }
  }

  @Test func whatIsWholeIsWhole() async throws {
    let made = try await Made()
    let before = try FileManager.default.subpathsOfDirectory(atPath: made.vault.directory).sorted()
    let report = try await made.verify()
    #expect(report.isClean && report.backups.map(\.name) == made.names)
    #expect(report.backups.map(\.instances) == [made.instances, made.instances + 1])
    #expect(report.backups.allSatisfy { $0.bytes > 0 && $0.withoutFile.isEmpty && !$0.madeAt.isEmpty })
    #expect(try await made.verify(made.names[0]).backups.map(\.name) == [made.names[0]])
    // Nothing is made or changed by reading.
    #expect(try FileManager.default.subpathsOfDirectory(atPath: made.vault.directory).sorted() == before)
    await #expect(throws: ArchiveError.self) { try await made.verify("20200101T000000Z") }
    await #expect(throws: ArchiveError.self) {
      try await BackupVerification.perform(of: made.vault.directory + "/objects", name: nil)
    }
  }

  @Test(arguments: ["gone", "cut", "flipped", "head"])
  func aDamagedFileIsNamed(how: String) async throws {
    let made = try await Made()
    let path = try made.file(of: "9.9")
    var bytes = try Data(contentsOf: URL(filePath: path))
    try FileManager.default.removeItem(atPath: path)
    switch how {
    case "cut": bytes.removeLast()
    case "flipped": bytes[bytes.count - 3] ^= 1
    default: bytes[5] ^= 1
    }
    if how != "gone" { try bytes.write(to: URL(filePath: path)) }
    let report = try await made.verify()
    #expect(!report.isClean)
    let kind: CheckFault.Kind = how == "gone" ? .missing : how == "head" ? .damagedHead : .corrupt
    // Only the second has it.
    #expect(report.backups[0].faults.isEmpty)
    #expect(report.backups[1].faults.map(\.kind) == [kind] && report.backups[1].faults.map(\.sopInstanceUID) == ["9.9"])
    #expect(try await made.verify(made.names[0]).isClean)
  }

  /// A network or a cable that reads it wrong once has damaged nothing.
  @Test(arguments: [StoredFile.Fault.wrongSize, .wrongDigest]) func aDamageIsReadTwice(fault: StoredFile.Fault) {
    for (readings, judged) in [([fault, nil], nil), ([fault, fault], fault), ([nil], nil), ([.missing], .missing)]
      as [([StoredFile.Fault?], StoredFile.Fault?)]
    {
      var left = readings[...]
      #expect(StoredFile.confirmed(at: "/nowhere") { left.popFirst() ?? .unreadable } == judged)
      #expect(left.isEmpty)
    }
  }

  /// What was found damaged is copied anew by the next backup, unless it turns out to be whole after all.
  @Test(arguments: [false, true]) func whatIsFoundDamagedIsMendedByTheNextBackup(isWholeAgain: Bool) async throws {
    let (test, vault) = (TestArchive(), TestArchive())
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let operations = archive.operations(as: .current)
    _ = try await operations.backup(to: vault.directory, keeping: nil)
    let file = try #require(try vault.files(in: "objects").first { $0.hasSuffix(".dcm") })
    let path = "\(vault.directory)/objects/\(file)"
    let whole = try Data(contentsOf: URL(filePath: path))
    var bytes = whole
    bytes[bytes.count - 3] ^= 1
    try bytes.write(to: URL(filePath: path))
    let verify = { try await BackupVerification.perform(of: vault.directory, name: nil) }
    #expect(try await verify().backups.map { $0.faults.map(\.kind) } == [[.corrupt]])
    // And is named until then.
    let again = try await verify()
    #expect(again.backups.map { $0.faults.map(\.kind) } == [[.corrupt]])
    #expect(again.backups.first?.faults.first?.detail.contains("next backup") == true)
    if isWholeAgain {
      try whole.write(to: URL(filePath: path + BackupFolder.damaged))
      #expect(try await verify().isClean)
    }
    test.clock.advance(by: 60)
    let mended = try await operations.backup(to: vault.directory, keeping: nil)
    #expect(mended.instances == all && mended.copiedFiles == (isWholeAgain ? 0 : 1))
    #expect(try await verify().isClean)
    #expect(try Data(contentsOf: URL(filePath: path)) == whole)
    #expect(try vault.files(in: "objects").count == all)
    try await archive.close()
  }

  /// The archive has lost the bytes: what the vault has of them is read before it is said to be there.
  @Test func theOnlyCopyIsReadBeforeItIsCounted() async throws {
    let (test, vault) = (TestArchive(), TestArchive())
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let operations = archive.operations(as: .current)
    _ = try await operations.backup(to: vault.directory, keeping: nil)
    let lost = try await CheckTests.path(of: "1.2", in: test)
    try FileManager.default.removeItem(atPath: lost)
    #expect(try await operations.check(CheckOrder()).faultCount == 1)
    test.clock.advance(by: 60)
    let kept = try await operations.backup(to: vault.directory, keeping: nil)
    #expect(kept.instances == all && kept.isClean)
    let copy = try #require(try vault.files(in: "objects").first { lost.hasSuffix($0) })
    var bytes = try Data(contentsOf: URL(filePath: "\(vault.directory)/objects/\(copy)"))
    bytes[bytes.count - 3] ^= 1
    try bytes.write(to: URL(filePath: "\(vault.directory)/objects/\(copy)"))
    test.clock.advance(by: 60)
    let gone = try await operations.backup(to: vault.directory, keeping: nil)
    #expect(gone.instances == all - 1 && gone.withoutFile.count == 1)
    // What is left of it is not thrown away, be it damaged.
    test.clock.advance(by: 60)
    let last = try await operations.backup(to: vault.directory, keeping: 1)
    #expect(last.removedBackups.count == 3 && last.withoutFile.count == 1 && last.removedFiles == 0)
    #expect(try vault.files(in: "objects").filter { $0.hasSuffix(BackupFolder.damaged) }.count == 1)
    try await archive.close()
  }

  @Test(arguments: ["database", "manifest", "count"])
  func aDamagedBackupIsNamed(what: String) async throws {
    let made = try await Made()
    let folder = "\(made.vault.directory)/backups/\(made.names[1])"
    let path = what == "database" ? folder + "/index.sqlite" : folder + "/manifest.json"
    var bytes = try Data(contentsOf: URL(filePath: path))
    switch what {
    case "database": for place in stride(from: 4096, to: bytes.count, by: 97) { bytes[place] ^= 0x55 }
    case "manifest": bytes = bytes.prefix(10)
    default:
      let text = String(decoding: bytes, as: UTF8.self)
      bytes = Data(text.replacing("\"instances\" : \(made.instances + 1)", with: "\"instances\" : 1").utf8)
    }
    try bytes.write(to: URL(filePath: path))
    let report = try await made.verify()
    #expect(report.backups[0].faults.isEmpty)
    #expect(report.backups[1].faults.first?.kind == (what == "database" ? .database : .index))
  }

  /// One of which the manifest is gone, or that cannot be read, is a damaged backup and keeps none of the others from it.
  @Test(arguments: ["gone", "folder", "database"]) func whatCannotBeReadIsNamed(what: String) async throws {
    let made = try await Made()
    let folder = "\(made.vault.directory)/backups/\(made.names[0])"
    let path = folder + (what == "database" ? "/index.sqlite" : "/manifest.json")
    try FileManager.default.removeItem(atPath: path)
    if what == "folder" { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }
    // What is being made, or removed, is none.
    try FileManager.default.createDirectory(atPath: folder + ".partial", withIntermediateDirectories: false)
    let report = try await made.verify()
    #expect(!report.isClean && report.backups.map(\.name) == made.names)
    #expect(report.backups[0].faults.map(\.kind) == [what == "database" ? .database : .index])
    #expect(report.backups[1].faults.isEmpty && report.backups[1].instances == made.instances + 1)
    #expect(try await !made.verify(made.names[0]).isClean)
  }

  /// Of an earlier version it is read as this one reads it, and stays as it was.
  @Test func aBackupOfAnEarlierVersionIsRead() async throws {
    let test = TestArchive()
    let version = try #require(EarlierVersion.all.first { $0.number == 8 })
    try version.restore(into: test)
    let vault = TestArchive()
    let backup = "\(vault.directory)/backups/20260101T000000Z"
    try FileManager.default.createDirectory(atPath: backup, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(test.directory)/instances", toPath: "\(vault.directory)/objects")
    let queue = try test.database()
    try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
    let size = try await queue.read { try Int.fetchOne($0, sql: "SELECT sum(size) FROM instance") ?? 0 }
    try queue.close()
    try FileManager.default.copyItem(atPath: "\(test.directory)/index.sqlite", toPath: backup + "/index.sqlite")
    let manifest = BackupManifest(madeAt: 1, madeBy: "test", instances: 3, bytes: size)
    try JSONEncoder().encode(manifest).write(to: URL(filePath: backup + "/manifest.json"))
    let before = try Data(contentsOf: URL(filePath: backup + "/index.sqlite"))
    let temporary = { try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter { $0.contains("verify") } }
    let others = try temporary()
    let report = try await BackupVerification.perform(of: vault.directory, name: nil)
    #expect(try temporary() == others)
    #expect(report.isClean && report.backups.map(\.instances) == [3], "\(report)")
    #expect(try Data(contentsOf: URL(filePath: backup + "/index.sqlite")) == before)
  }
}

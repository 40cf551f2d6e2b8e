// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB
import Testing

@testable import Archive

/// A restore that fails or is killed forgets nothing that was closed since the backup, and loses no index.
@Suite struct InterruptedRestoreTests {
  private let test = TestArchive()
  private let vault = TestArchive()

  private var index: String { test.directory + "/index.sqlite" }
  private var aside: String { index + ".before-restore" }

  /// A backup with a grant on everything, and the archive after that was revoked; its index has a table that no other has.
  private func prepare() async throws {
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    _ = try await archive.makeCaller("WS")
    _ = try await archive.administration(as: .current).addGrant(to: "WS", scope: .everything, until: nil)
    _ = try await archive.operations(as: .current).backup(to: vault.directory, keeping: nil)
    test.clock.advance(by: 60)
    try await archive.administration(as: .current).revokeGrant(1)
    try await archive.database.write { try $0.execute(sql: "CREATE TABLE only_here (x)") }
    try await archive.close()
  }

  private func restore() async throws -> RestoreReport {
    try await Restore.perform(from: vault.directory, name: nil, into: test.directory, revokingGrants: false)
  }

  private func change(_ path: String, _ sql: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
    try queue.close()
  }

  private func has(_ table: String, _ path: String) throws -> Bool {
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }
    return try queue.read { try $0.tableExists(table) }
  }

  private func expectRevoked(_ report: RestoreReport) async throws {
    #expect(report.activeGrants == 0 && report.carriedOver.contains("access_grant"))
    #expect(try has("only_here", aside), "what was here is not kept")
    let archive = try test.open()
    #expect(try await archive.administration(as: .current).grants().map(\.state) == [.revoked])
    #expect(try await archive.database.read { try !$0.tableExists("only_here") })
    try await archive.close()
  }

  private func backup() throws -> String {
    let name = try #require(FileManager.default.contentsOfDirectory(atPath: vault.directory + "/backups").first)
    return "\(vault.directory)/backups/\(name)/index.sqlite"
  }

  /// What cannot be written on the copy is no word about the index that was here.
  @Test func whatCannotBeTakenOverFailsTheRestore() async throws {
    try await prepare()
    try change(
      backup(), "CREATE TRIGGER refused BEFORE UPDATE ON access_grant BEGIN SELECT RAISE(ABORT, 'refused'); END")
    await #expect(throws: DatabaseError.self) { _ = try await restore() }
    #expect(RestoreMark.isSet(test.directory))
    #expect(throws: ArchiveError.self) { _ = try test.open() }
    #expect(try has("only_here", index))
    try change(backup(), "DROP TRIGGER refused")
    try await expectRevoked(try await restore())
  }

  /// Neither is an error in a statement, where the same version wrote both.
  @Test(arguments: ["DROP TABLE consent", "ALTER TABLE access_grant RENAME COLUMN revoked_at TO revoked"])
  func whatDoesNotFitFailsTheRestore(change: String) async throws {
    try await prepare()
    try self.change(index, change)
    await #expect(throws: DatabaseError.self) { _ = try await restore() }
    #expect(RestoreMark.isSet(test.directory))
  }

  /// One that is no database says nothing any more.
  @Test(arguments: ["", "no database at all, but long enough to be one, were it not for its first bytes"])
  func anUnreadableIndexIsSaidToBeForgotten(bytes: String) async throws {
    try await prepare()
    for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: index + suffix) }
    try Data(bytes.utf8).write(to: URL(filePath: index))
    let report = try await restore()
    #expect(report.activeGrants == 1, "\(report)")
    #expect(report.warnings.contains { $0.contains("nothing remembers") })
  }

  /// Killed when the restored one stood in its place already: it is not taken for the one that was here.
  @Test func killedBeforeItsMarkWasCleared() async throws {
    try await prepare()
    _ = try await restore()
    try RestoreMark.set(test.directory, .aside)
    try await expectRevoked(try await restore())
  }

  /// At each step of putting it aside, with what stood in its write-ahead log alone, and on a file system with one name for a
  /// file.
  @Test(arguments: [0, 1, 2, 3, 4], [false, true])
  func killedWhilePuttingItAside(step: Int, hasOneName: Bool) async throws {
    try await prepare()
    let log = try leaveLog()
    try RestoreMark.begin(test.directory, as: .begun)
    let files = FileManager.default
    let steps: [() throws -> Void] =
      hasOneName
      ? [
        { try RestoreMark.set(test.directory, .moving) }, { try files.moveItem(atPath: index, toPath: aside) },
        { try files.moveItem(atPath: index + "-wal", toPath: aside + "-wal") },
        { try RestoreMark.set(test.directory, .aside) },
      ]
      : [
        { try files.linkItem(atPath: index, toPath: aside) },
        { try files.linkItem(atPath: index + "-wal", toPath: aside + "-wal") },
        { try RestoreMark.set(test.directory, .aside) }, { try files.removeItem(atPath: index + "-wal") },
      ]
    for step in steps.prefix(step) { try step() }
    #expect(log > 0)
    let report = try await restore()
    try await expectRevoked(report)
    #expect(try has("in_the_log", aside))
  }

  /// As a kill leaves it: the last table stands in the log alone. Returns the log's length.
  private func leaveLog() throws -> Int {
    let kept = index + ".kept"
    let queue = try DatabaseQueue(path: index)
    try queue.writeWithoutTransaction {
      try $0.execute(sql: "PRAGMA wal_autocheckpoint = 0; CREATE TABLE in_the_log (x)")
    }
    for suffix in ["", "-wal"] { try FileManager.default.copyItem(atPath: index + suffix, toPath: kept + suffix) }
    try queue.close()
    for suffix in ["", "-wal"] {
      try? FileManager.default.removeItem(atPath: index + suffix)
      try FileManager.default.moveItem(atPath: kept + suffix, toPath: index + suffix)
    }
    return try Data(contentsOf: URL(filePath: index + "-wal")).count
  }

  /// What an earlier restore put aside is neither what was here nor overwritten, when the index was lost.
  @Test(arguments: [RestoreMark.lost, .absent]) func killedWhereTheIndexWasLost(mark: RestoreMark) async throws {
    try await prepare()
    _ = try await restore()
    if mark == .lost { try FileManager.default.removeItem(atPath: index) }
    for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: index + suffix) }
    try RestoreMark.set(test.directory, mark)
    let report = try await restore()
    #expect(report.carriedOver.isEmpty && report.warnings.contains { $0.contains("nothing remembers") })
    #expect(try has("only_here", aside))
  }

  /// What was deleted since is gone with all that it said, and nothing refers to it.
  @Test(arguments: [["1.1"], ["1.2"], ["1.1", "1.2"], ["1.3"], ["1.1", "1.2", "1.3"]])
  func whatWasDeletedSaysNothingAnyMore(deleted: [String]) async throws {
    let archive = try test.open()
    for (number, name) in ["First^Name", "Second^Name", "Third^Name"].enumerated() {
      try await archive.store(
        TestObject(
          instance: "1.\(number + 1)", series: number < 2 ? "2.1" : "2.2", study: number < 2 ? "3.1" : "3.2",
          name: name,
          comment: "comment \(number + 1)", description: "said \(number + 1)", seriesDescription: "said \(number + 1)"))
    }
    _ = try await archive.operations(as: .current).backup(to: vault.directory, keeping: nil)
    test.clock.advance(by: 60)
    for uid in deleted {
      _ = try await archive.operations(as: .current).delete(.instance(uid: uid), DeletionOrder(reason: "erasure"))
    }
    let want = try IndexDump(of: archive).lines
    try await archive.close()
    _ = try await restore()
    let again = try test.open()
    let orphans = try again.database.read { try Row.fetchAll($0, sql: "PRAGMA foreign_key_check") }
    #expect(orphans == [])
    #expect(try IndexDump(of: again).lines == want)
    for table in ["contradiction", "study_voice", "series_voice", "voice_name_key", "study", "series"] {
      let rows = try await again.database.read {
        try Row.fetchAll($0, sql: "SELECT * FROM \(table)").map(\.description)
      }
      for uid in deleted {
        let number = uid.dropFirst(2)
        let names = ["FIRST", "SECOND", "THIRD"]
        #expect(!rows.contains { $0.contains("said \(number)") || $0.contains("comment \(number)") }, "\(table)")
        let name = try #require(Int(number).map { names[$0 - 1] })
        #expect(!rows.contains { $0.uppercased().contains(name) }, "\(table)")
      }
    }
    try await again.close()
  }
}

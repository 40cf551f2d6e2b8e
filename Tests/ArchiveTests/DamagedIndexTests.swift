// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing

@testable import Archive

/// F13 and F12 of the faults: bytes of the database that are not what SQLite wrote, and a database that another process holds.
@Suite struct DamagedIndexTests {
  /// Every page's header in turn, and the database's own. Whatever is damaged is an error or a finding that says what to do,
  /// or it was of no consequence; the newest backup brings back all that was acknowledged before and after it.
  @Test func everyDamagedPageIsNoticedAndNothingIsLost() async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily() + 1
    _ = try await archive.operations(as: .current).backup(to: vault.directory, keeping: nil)
    try await archive.store(TestObject(instance: "9.9"))
    try await archive.close()
    let path = "\(test.directory)/index.sqlite"
    try await settle(path)
    let whole = try Data(contentsOf: URL(filePath: path))
    let pages = whole.count / 4096
    #expect(pages > 20)
    var noticed = 0
    for page in 0..<pages {
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
      var damaged = whole
      damaged.replaceSubrange(page * 4096..<page * 4096 + 64, with: Data(repeating: 0xA5, count: 64))
      try damaged.write(to: URL(filePath: path))
      try #require(chmod(path, 0o600) == 0)
      if try await isNoticed(test) { noticed += 1 }
    }
    // What is free, or of a table that nothing asks, may be damaged without consequence.
    #expect(noticed > pages * 3 / 4, "\(noticed) of \(pages)")
    let report = try await Restore.perform(
      from: vault.directory, name: nil, into: test.directory, revokingGrants: false)
    #expect(report.takenIn == 1)
    let again = try test.open()
    #expect(try await again.instanceUIDs().count == all)
    #expect(try await again.operations(as: .current).check(CheckOrder()).isClean)
    try await again.close()
  }

  /// A start without an index says so, and that it found more files than it takes in.
  @Test(arguments: [2, 3]) func aLostIndexIsSaid(most: Int) async throws {
    let test = TestArchive()
    let archive = try test.open()
    for number in 1...3 { try await archive.store(TestObject(instance: "1.\(number)")) }
    try await archive.close()
    for name in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: "\(test.directory)/index.sqlite\(name)")
    }
    var options = ArchiveOptions()
    options.comparesUpTo = most
    let empty = try test.open(options)
    #expect(empty.recovery.isIndexLost)
    #expect(empty.recovery.leavesFilesOut == (most < 3))
    #expect(try await empty.instanceUIDs().count == (most < 3 ? 0 : 3))
    _ = try await empty.operations(as: .current).reindex()
    #expect(try await empty.instanceUIDs().count == 3)
    try await empty.close()
    let again = try test.open(options)
    #expect(!again.recovery.isIndexLost)
    try await again.close()
  }

  /// F12: another process holds the database. Nothing is acknowledged that is not kept; what was refused can come again.
  @Test func aDatabaseThatAnotherProcessHoldsKeepsNothingHalf() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: "\(test.directory)/index.sqlite", configuration: configuration)
    try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
    await #expect(throws: (any Error).self) { try await archive.store(TestObject(instance: "1.2")) }
    try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    try other.close()
    try await archive.store(TestObject(instance: "1.2"))
    #expect(try await archive.instanceUIDs().count == 2)
    #expect(try await archive.operations(as: .current).check(CheckOrder()).isClean)
    try await archive.close()
  }

  /// All of the log goes into the database, so that there are pages to damage.
  private func settle(_ path: String) async throws {
    let database = try DatabaseQueue(path: path)
    try await database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    try database.close()
  }

  private func isNoticed(_ test: TestArchive) async throws -> Bool {
    let archive: Archive
    do { archive = try test.open() } catch let error as ArchiveError {
      #expect(error.description.contains("collimator restore") || error.description.contains("cannot be opened"))
      return true
    }
    defer { withExtendedLifetime(archive) {} }
    do {
      let report = try await archive.operations(as: .current).check(CheckOrder())
      try? await archive.close()
      return !report.isClean
    } catch {
      #expect("\(error)".contains("collimator restore") || "\(error)".contains("malformed"), "\(error)")
      try? await archive.close()
      return true
    }
  }
}

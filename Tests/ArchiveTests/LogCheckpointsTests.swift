// SPDX-License-Identifier: Apache-2.0

import GRDB
import Testing

@testable import Archive

@Suite struct LogCheckpointsTests {
  /// Bounded: how often somebody writes at most before something has come to pass.
  private static let most = 20_000

  private let test = TestArchive(inMemory: true)

  private func open() throws -> Archive {
    try test.openUnsafely(ArchiveOptions(logPages: 100))
  }

  /// A few pages each time, in a table by which nothing is decided.
  private func write(_ archive: Archive) async throws {
    try await archive.database.write { database in
      try database.execute(
        sql: """
          INSERT INTO knock (calling, called, address, reason, count, first, last)
          VALUES ('A', 'B', 'C', hex(zeroblob(10000)), 1, 0, 0)
          """)
    }
    try await archive.database.write { try $0.execute(sql: "DELETE FROM knock") }
  }

  /// False where it does not come to pass.
  private func write(_ archive: Archive, until isSo: () -> Bool) async throws -> Bool {
    for _ in 0..<Self.most {
      if isSo() { return true }
      try await write(archive)
      await Task.yield()
    }
    return false
  }

  /// Pages in the log, as another connection sees it.
  private func pages(_ archive: Archive) throws -> Int {
    let other = try DatabaseQueue(path: archive.database.path)
    defer { try? other.close() }
    return try other.writeWithoutTransaction { database in
      _ = try Int.fetchOne(database, sql: "SELECT 1 FROM node")
      return try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(PASSIVE)")?["log"] ?? -1
    }
  }

  @Test func theLogBeginsAnewWhileSomebodyWrites() async throws {
    let archive = try open()
    let checkpoints = archive.checkpoints
    for _ in 0..<5 {
      #expect(try await write(archive) { checkpoints.isDue })
      #expect(try await write(archive) { !checkpoints.isDue })
      // The next to write begins the log anew.
      try await write(archive)
      #expect(try pages(archive) < 100)
    }
    try await archive.close()
  }

  @Test func itWaitsForWhoStillReads() async throws {
    let archive = try open()
    let checkpoints = archive.checkpoints
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let reader = try DatabaseQueue(path: archive.database.path, configuration: configuration)
    try await reader.writeWithoutTransaction { database in
      try database.execute(sql: "BEGIN")
      _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM knock")
    }
    #expect(try await write(archive) { checkpoints.isDue })
    for _ in 0..<200 {
      try await write(archive)
      #expect(checkpoints.isDue)
    }
    try await reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    try reader.close()
    #expect(try await write(archive) { !checkpoints.isDue })
    try await archive.close()
  }

  /// Nothing is asked of it any more once the archive is closed.
  @Test func itEndsWithItsArchive() async throws {
    let archive = try open()
    #expect(try await write(archive) { archive.checkpoints.isDue })
    try await archive.close()
    let again = try open()
    #expect(!again.checkpoints.isDue)
    try await again.close()
  }
}

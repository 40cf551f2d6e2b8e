// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

/// An archive of each version of the schema that ever was is opened by this one, and nothing of what it held is lost.
@Suite struct EarlierVersionTests {
  /// What a migration makes is frozen: each version is made as it was. `COLLIMATOR_WRITE_VERSIONS=1` writes down new ones.
  @Test(arguments: EarlierVersion.all)
  func aVersionIsMadeAsItWas(version: EarlierVersion) throws {
    let made = try version.made()
    if ProcessInfo.processInfo.environment["COLLIMATOR_WRITE_VERSIONS"] != nil {
      try made.write(toFile: version.path, atomically: true, encoding: .utf8)
    }
    let kept = try version.kept()
    for (one, other) in zip(made.split(separator: "\n"), kept.split(separator: "\n")) where one != other {
      return #expect(Bool(false), "'\(one)' was '\(other)'")
    }
    #expect(made == kept)
  }

  /// And their files, which did not change.
  @Test func theFilesAreWhatTheyWere() throws {
    for object in EarlierRows.objects {
      let made = Data(object.head + (try EarlierVersion.dataSet(of: object.file)))
      if ProcessInfo.processInfo.environment["COLLIMATOR_WRITE_VERSIONS"] != nil {
        try made.write(to: EarlierVersion.file(of: object))
      }
      #expect(try Data(contentsOf: EarlierVersion.file(of: object)) == made, "\(object.file)")
    }
  }

  /// Made of other rows, as the index is: these contradict each other in nothing. `VoicesTests` are about those that do.
  private static let derived: Set = ["contradiction", "study_voice", "series_voice", "voice_name_key"]

  /// So that a version's proof does not leave out what it brought.
  @Test(arguments: EarlierVersion.all)
  func noTableIsEmpty(version: EarlierVersion) throws {
    let database = try DatabaseQueue()
    try version.restore(into: database)
    let empty = try database.read { database in
      try Self.tables(in: database).filter { try Int.fetchOne(database, sql: "SELECT count(*) FROM \"\($0)\"") == 0 }
    }
    #expect(Set(empty).subtracting(Self.derived).isEmpty)
  }

  /// Row by row and column by column; and all that is asked for is answered as it would have been.
  @Test(arguments: EarlierVersion.all)
  func whatItHeldIsThere(version: EarlierVersion) async throws {
    let test = TestArchive()
    try version.restore(into: test)
    let before = try Self.rows(in: test)
    try await test.open().close()
    let after = try Self.rows(in: test)
    for (table, rows) in before where !["grdb_migrations", "sqlite_sequence", "node", "audit_subject"].contains(table) {
      let expected = rows.map { row in Self.migrated(row, of: table, from: version.number) }
      let columns = Set(expected.first?.keys.map(\.self) ?? []).intersection(
        after[table]?.first?.keys.map(\.self) ?? [])
      let found = (after[table] ?? []).map { $0.filter { columns.contains($0.key) } }
      for row in expected.map({ $0.filter { columns.contains($0.key) } }) where !found.contains(row) {
        Issue.record("\(table) lost \(row.sorted { $0.key < $1.key }): \(found.count) rows")
      }
      #expect(found.count == rows.count, "\(table)")
      let gone = Set(rows.first?.keys.map(\.self) ?? []).subtracting(after[table]?.first?.keys.map(\.self) ?? [])
      #expect(gone.isSubset(of: Self.columnsGiven(up: table)), "\(table) lost \(gone)")
    }
    let archive = try test.open()
    try await EarlierAnswers(archive, version: version.number).expect()
    try await archive.close()
  }

  /// What a later version says in another way.
  private static func columnsGiven(up table: String) -> Set<String> {
    switch table {
    case "study": ["v_00100020", "v_00100021"]
    case "instance": ["is_missing"]
    default: []
    }
  }

  private static func migrated(
    _ row: [String: DatabaseValue], of table: String, from version: Int
  ) -> [String: DatabaseValue] {
    var row = row
    switch table {
    case "peer" where version < 7:
      if let rights = row["rights"].flatMap(Int.fromDatabaseValue), rights & 1 != 0 {
        row["rights"] = (rights | 8).databaseValue
      }
    case "instance" where version < 12: row["canonical_digest"] = row["canonical_digest"].map { _ in .null }
    default: break
    }
    return row
  }

  private static func tables(in database: Database) throws -> [String] {
    try String.fetchAll(
      database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
  }

  private static func rows(in test: TestArchive) throws -> [String: [[String: DatabaseValue]]] {
    let database = try DatabaseQueue(path: "\(test.directory)/index.sqlite")
    defer { try? database.close() }
    return try database.read { database in
      var found: [String: [[String: DatabaseValue]]] = [:]
      for table in try tables(in: database) {
        found[table] = try Row.fetchAll(database, sql: "SELECT * FROM \"\(table)\"").map { row in
          Dictionary(row.map { ($0, $1) }, uniquingKeysWith: { one, _ in one })
        }
      }
      return found
    }
  }

  /// Interrupted at so many places among all that SQLite does for it, and at each commit: what was done is whole, and the
  /// next start does the rest.
  @Test(arguments: EarlierVersion.all)
  func anInterruptedMigrationGoesOn(version: EarlierVersion) throws {
    let whole = try Interruption.migrated(version, after: nil)
    let names = Schema.migrator.migrations
    #expect(whole.migrations == names)
    let steps = whole.steps
    // More of them in the fault harness, by kills.
    let places = Set((1...10).map { max(1, steps * $0 / 10 - 1) }).union([1, 2]).filter { $0 <= steps }
    for place in places.sorted() {
      let interrupted = try Interruption.migrated(version, after: place)
      #expect(interrupted.wasInterrupted, "\(place) of \(steps)")
      #expect(interrupted.migrations == Array(names.prefix(interrupted.migrations.count)))
      #expect(interrupted.faults.isEmpty, "\(interrupted.faults)")
      #expect(interrupted.text == whole.text, "interrupted at \(place) of \(steps)")
    }
    #expect(!places.isEmpty || version.migration == names.last)
  }
}

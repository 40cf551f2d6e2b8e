// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import GRDB
import Testing

@testable import Archive

/// The index as a version of the schema left it, with something in each of its tables: `Fixtures/versions/NN.sql`, beside the
/// files of three fixtures, which it indexes.
struct EarlierVersion: Sendable, CustomTestStringConvertible {
  /// Of the migration that was the last one then.
  let migration: String

  /// All but the one that may still change, which is the last.
  static let all = Schema.migrator.migrations.dropLast().map(EarlierVersion.init) + frozen

  /// The last one as well, once it is written down.
  private static let frozen = Schema.migrator.migrations.suffix(1).map(EarlierVersion.init)
    .filter { FileManager.default.fileExists(atPath: $0.path) }

  var number: Int { Int(migration.prefix { $0.isNumber }) ?? 0 }
  var testDescription: String { migration }

  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

  var path: String {
    Self.fixtures.appending(path: "versions/\(number < 10 ? "0" : "")\(number).sql").path(percentEncoded: false)
  }

  func kept() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  /// The database as this code's migrations make it, up to this one, and filled by the rules of that version.
  func made() throws -> String {
    let database = try DatabaseQueue()
    try Schema.migrator.migrate(database, upTo: migration)
    try database.write { database in try EarlierRows(version: number).put(in: database) }
    return try database.read { try Self.text(of: $0) }
  }

  /// A data directory as it was left by that version.
  func restore(into test: TestArchive) throws {
    try FileManager.default.createDirectory(
      atPath: test.directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let store = FileObjectStore(directory: test.directory)
    try store.prepare()
    for object in EarlierRows.objects {
      try FileManager.default.copyItem(
        at: Self.file(of: object), to: URL(filePath: store.path(of: ObjectKey(name: object.key))))
    }
    let path = "\(test.directory)/index.sqlite"
    let database = try DatabaseQueue(path: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    try restore(into: database)
    try database.close()
  }

  func restore(into database: DatabaseQueue) throws {
    let text = try kept()
    try database.writeWithoutTransaction { try $0.execute(sql: text) }
  }

  /// The data set of a fixture as it was received.
  static func dataSet(of file: String) throws -> [UInt8] {
    let bytes = [UInt8](try Data(contentsOf: fixtures.appending(path: file)))
    let length = bytes[140..<144].reversed().reduce(0) { $0 << 8 | Int($1) }
    return Array(bytes[(144 + length)...])
  }

  /// The file of an object, as it is kept beside the databases.
  static func file(of object: EarlierRows.Object) -> URL {
    fixtures.appending(path: "versions/\(object.key).dcm")
  }
}

extension EarlierVersion {
  private static let head = """
    -- SPDX-License-Identifier: Apache-2.0
    -- What this version of index.sqlite looked like: see Tests/ArchiveTests/EarlierVersions. Never changed, only added to.
    PRAGMA journal_mode = WAL;
    PRAGMA foreign_keys = OFF;
    BEGIN;

    """

  /// All that is in a database, as SQL that makes it again: triggers last, so that none of them does anything twice.
  static func text(of database: Database) throws -> String {
    let schema = try Row.fetchAll(
      database,
      sql: """
        SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid
        """)
    let tables = schema.filter { $0[0] == "table" }
    let others = schema.filter { $0[0] != "table" }
    var lines = tables.map { ($0[2] as String) + ";" }
    for table in tables { lines += try insertions(into: table[1], database) }
    lines.append("DELETE FROM sqlite_sequence;")
    lines += try insertions(into: "sqlite_sequence", database)
    lines += others.sorted { ($0[0] as String) < ($1[0] as String) }.map { ($0[2] as String) + ";" }
    return head + lines.joined(separator: "\n") + "\nCOMMIT;\n"
  }

  private static func insertions(into table: String, _ database: Database) throws -> [String] {
    let columns = try database.columns(in: table).map { "\"\($0.name)\"" }
    let values = columns.map { "quote(\($0))" }.joined(separator: " || ', ' || ")
    return try String.fetchAll(database, sql: "SELECT \(values) FROM \"\(table)\" ORDER BY 1")
      .map { "INSERT INTO \"\(table)\" (\(columns.joined(separator: ", "))) VALUES (\($0));" }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// A setting of a node that is not as it is by default.
package struct StartSetting: Sendable, Hashable {
  package let name: String
  /// No secret: of a key, where its file is.
  package let value: String
  /// A flag, a variable of the environment, or a file.
  package let origin: String

  package init(name: String, value: String, origin: String) {
    self.name = name
    self.value = value
    self.origin = origin
  }
}

/// The settings with which the node was started last.
enum StartSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("16 settings of the last start") { database in
      try database.execute(
        sql: "CREATE TABLE start_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID")
    }
  }
}

extension Archive {
  /// Returns when it is on the disk that the node started, with which settings, and in which they differ from those of the last
  /// start. Where nothing can be written now, it is written once it can, and the next start tells the difference again.
  package func recordStart(with settings: [StartSetting]) async {
    var entry = AuditEntry(at: now(), .node, "node started", by: .node)
    let time = entry.time
    do {
      try await database.write { database in
        let entry = AuditEntry(
          at: time, .node, "node started", by: .node,
          detail: try StartRecord(settings, in: database).replaceLast(in: database))
        _ = try AuditTable.append(entry, in: database)
      }
    } catch {
      entry.detail = StartRecord.words(on: settings)
      audit.note(entry)
    }
  }
}

private struct StartRecord {
  private let settings: [StartSetting]
  private let last: [String: String]

  init(_ settings: [StartSetting], in database: Database) throws {
    self.settings = settings
    let rows = try Row.fetchAll(database, sql: "SELECT name, value FROM start_setting")
    last = Dictionary(rows.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
  }

  /// Returns what is to be said of both.
  func replaceLast(in database: Database) throws -> String {
    try database.execute(sql: "DELETE FROM start_setting")
    for setting in settings {
      try database.execute(
        sql: "INSERT INTO start_setting (name, value) VALUES (?, ?)",
        arguments: [MatchingForm.storable(setting.name), MatchingForm.storable(setting.value)])
    }
    let differences = differences
    return Self.words(on: settings)
      + (differences.isEmpty ? "" : "; since the last start: \(differences.joined(separator: ", "))")
  }

  private var differences: [String] {
    let present = Dictionary(settings.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    return Set(present.keys).union(last.keys).sorted().compactMap { name in
      let (old, new) = (last[name], present[name].map(MatchingForm.storable))
      guard old != new else { return nil }
      return "\(name) from \(old.map { "'\($0)'" } ?? "its default") to \(new.map { "'\($0)'" } ?? "its default")"
    }
  }

  static func words(on settings: [StartSetting]) -> String {
    guard !settings.isEmpty else { return "all settings as by default" }
    return "settings: " + settings.map { "\($0.name) '\($0.value)' (\($0.origin))" }.joined(separator: ", ")
  }
}

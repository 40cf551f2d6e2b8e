// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct MigrationTests {
  /// Whoever adds an attribute to the index adds a column, which needs no migration: all the layout's columns are there.
  @Test func eachAttributeHasItsColumn() async throws {
    let test = TestArchive()
    let further = try #require(FurtherKey(DICOMData.Tag(0x0018, 0x0050), at: .image))
    let archive = try test.open(ArchiveOptions(furtherKeys: [further]))
    let layout = archive.index.layout
    #expect(layout.byTag[further.tag]?.level == .instance)
    for (table, columns) in layout.columnsByTable {
      let present = try await archive.database.read { try Set($0.columns(in: table).map(\.name)) }
      #expect(present.isSuperset(of: columns), "\(table)")
    }
    try await archive.close()
  }

  /// What an arrival's bytes were is remembered beside the index from migration 5 on.
  @Test func arrivalsGetTheDigestsOfTheirInstances() async throws {
    let database = try DatabaseQueue()
    try Schema.migrator.migrate(database, upTo: "4 versions and corrections")
    try await database.write { database in
      try database.execute(
        sql: """
          INSERT INTO arrival (number, object, sender, calling, arrived_at) VALUES (1, 'a', 'MOD', 'MOD', 0);
          INSERT INTO arrival (number, object, sender, calling, arrived_at) VALUES (2, 'b', 'MOD', 'MOD', 0);
          INSERT INTO instance (id, object, transfer_syntax, digest, size) VALUES (1, 'a', '1.2', x'0102', 17);
          """)
    }
    try Schema.migrator.migrate(database)
    let rows = try await database.read { database in
      try String.fetchAll(
        database, sql: "SELECT coalesce(hex(content_digest), '') || ' ' || coalesce(content_size, '') FROM arrival")
    }
    #expect(rows == ["0102 17", " "])
  }

  /// Or each row that goes costs as much as there are rows that might refer to it.
  @Test func whatRefersToARowIsFoundByAnIndex() throws {
    let database = try DatabaseQueue()
    try Schema.migrator.migrate(database)
    try database.read { database in
      let tables = try String.fetchAll(
        database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      var looked = 0
      for table in tables {
        for key in try Row.fetchAll(database, sql: "PRAGMA foreign_key_list(\"\(table)\")") {
          let column: String = key["from"]
          let plan = try Row.fetchAll(
            database, sql: "EXPLAIN QUERY PLAN SELECT 1 FROM \"\(table)\" WHERE \"\(column)\" = ?", arguments: [1]
          ).map { $0["detail"] as String }
          #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(table).\(column): \(plan)")
          looked += 1
        }
      }
      #expect(looked > 20)
    }
  }
}

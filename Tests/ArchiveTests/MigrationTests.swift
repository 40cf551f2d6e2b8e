// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct MigrationTests {
  /// From each version that ever was: what it held is answered as before.
  @Test func whatAnEarlierVersionHeldIsAnswered() async throws {
    for version in Self.versions.prefix(while: { $0 != "4 versions and corrections" }) {
      let test = TestArchive()
      let object = TestObject(instance: "1.1", study: "3.1", issuer: "NORTH", name: "Müller^Jürgen")
      try Self.make(test, at: version, holding: object)
      let archive = try test.open()
      guard case .admitted(let caller, _) = try await archive.caller(callingAETitle: "ALL", address: "127.0.0.1") else {
        return #expect(Bool(false), "\(version)")
      }
      let name = MatchingKey(tag: .patientName, matching: .singleValue("MULLER^JURGEN"))
      #expect(try await archive.values(of: .sopInstanceUID, at: .image, as: caller, [name]) == ["1.1"], "\(version)")
      #expect(try await archive.values(of: .issuerOfPatientID, at: .patient, as: caller) == ["NORTH"])
      // The same again is known, another version goes beside it, and its number is higher.
      #expect(try await archive.store(object) == .alreadyStored, "\(version)")
      #expect(try await archive.store(TestObject(instance: "1.1", study: "3.1", comment: "x")) == .keptBesideAnother)
      #expect(try await archive.conflicts(as: .current).versions(of: "1.1").map(\.number) == [1, 2])
      let lacks = try await archive.database.read { try Int.fetchOne($0, sql: "SELECT lacks_values FROM node") }
      #expect(lacks == 1, "columns were added: the node says that old rows lack them")
      try await archive.close()
    }
  }

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

  private static let versions = Schema.migrator.migrations

  /// A data directory as an earlier version left it, with one object and a peer who sees all.
  private static func make(_ test: TestArchive, at version: String, holding object: TestObject) throws {
    try FileManager.default.createDirectory(
      atPath: test.directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let store = FileObjectStore(directory: test.directory)
    try store.prepare()
    let key = ObjectKey.random()
    let head = FileMetaInformation.encoded(
      sopClassUID: object.sopClass, sopInstanceUID: object.instance, transferSyntaxUID: "1.2.840.10008.1.2.1",
      sourceAETitle: "")
    try Data(head + object.dataSet).write(to: URL(filePath: store.path(of: key)))
    let database = try DatabaseQueue(path: "\(test.directory)/index.sqlite")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(test.directory)/index.sqlite")
    try Schema.migrator.migrate(database, upTo: version)
    try database.write { database in
      try database.execute(
        sql: """
          INSERT INTO principal (kind, name) VALUES ('peer', 'ALL');
          INSERT INTO peer (principal, ae_title, rights, accepts_private) VALUES (1, 'ALL', 3, 0);
          INSERT INTO peer_address (principal, network) VALUES (1, '127.0.0.1');
          INSERT INTO access_grant (principal, grantee, scope, granted_by, granted_at)
            VALUES (1, 'ALL', 'everything', 'test', 0);
          """)
      try insert(object, as: key, size: head.count + object.dataSet.count, in: database)
    }
    try database.close()
  }

  /// By the first version's rules, whatever the later ones are.
  private static func insert(_ object: TestObject, as key: ObjectKey, size: Int, in database: Database) throws {
    let fills: [(table: String, fixed: [String: any DatabaseValueConvertible])] = [
      ("patient", ["patient_id": object.patientID, "issuer": object.issuer, "sole_study": ""]),
      (
        "study",
        [
          "patient": 1, "v_0020000d": object.study, "v_00100010": object.name, "k_00100010": "muller^jurgen",
          "v_00100020": object.patientID, "v_00100021": object.issuer,
        ]
      ), ("series", ["study": 1, "v_0020000e": object.series, "v_00080060": object.modality]),
      (
        "instance",
        [
          "series": 1, "object": key.name, "transfer_syntax": "1.2.840.10008.1.2.1",
          "digest": Data(HeaderForTest.digest(of: object)), "size": size, "v_00080018": object.instance,
          "v_00080016": object.sopClass,
        ]
      ), ("arrival", ["object": key.name, "sender": "CT1", "calling": "CT1", "arrived_at": 1.0]),
    ]
    for (table, fixed) in fills {
      var row = fixed
      for column in try database.columns(in: table) where row[column.name] == nil && column.name != "id" {
        if column.type == "TEXT", column.isNotNull { row[column.name] = "" }
      }
      let names = row.keys.sorted()
      try database.execute(
        sql:
          "INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\(names.map { _ in "?" }.joined(separator: ", ")))",
        arguments: StatementArguments(names.map { row[$0]?.databaseValue ?? .null }))
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Crypto
import DICOMData
import Foundation
import GRDB

@testable import Archive

/// The files of a world's objects: their rows were made without.
struct ScriptFiles {
  init(_ objects: [TestObject], in archive: Archive) async throws {
    let bytes = Dictionary(
      objects.map { object in
        let dataSet = object.dataSet
        let head = FileMetaInformation.encoded(
          sopClassUID: object.sopClass, sopInstanceUID: object.instance, transferSyntaxUID: MemoryNode.syntax.uid,
          sourceAETitle: "")
        return (Data(SHA256.hash(data: dataSet)), Data(head + dataSet))
      }, uniquingKeysWith: { one, _ in one })
    let store = archive.store
    try await archive.database.write { database in
      let updates = try [
        "UPDATE instance SET size = ? WHERE id = ?", "UPDATE arrival SET content_size = ? WHERE number = ?",
      ]
      .map { try database.cachedStatement(sql: $0) }
      for row in try Row.fetchAll(database, sql: "SELECT id, object, digest FROM instance") {
        guard let file = bytes[row[2]] else { throw ArchiveError("a bad test: an object that nobody knows") }
        try file.write(to: URL(filePath: store.path(of: ObjectKey(name: row[1]))))
        for update in updates { try update.execute(arguments: [file.count, row[0] as Int64]) }
      }
    }
  }

  func remove(from archive: Archive) async throws {
    let objects = try await archive.database.read { try String.fetchAll($0, sql: "SELECT object FROM instance") }
    for object in objects { unlink(archive.store.path(of: ObjectKey(name: object))) }
  }
}

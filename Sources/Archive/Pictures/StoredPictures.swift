// SPDX-License-Identifier: Apache-2.0

import Access
import Glibc
import GRDB

/// A stored object of which a picture may be made.
package struct PicturedObject: Sendable, Hashable {
  let object: ObjectKey
  package let sopInstanceUID: String
  /// Bytes of the whole file.
  package let size: Int
}

/// What pictures are made of, and the thumbnails that are kept. For the archive's operator, who owns the files, or with the eyes of
/// a caller whom the operator names.
package struct StoredPictures: Sendable {
  private let administration: Administration
  private let index: SQLiteIndex
  private let store: FileObjectStore
  private let thumbnails: ThumbnailFiles
  private let space: SpaceWatch
  private let arrived: PictureArrivals

  init(
    administration: Administration, index: SQLiteIndex, store: FileObjectStore, thumbnails: ThumbnailFiles,
    space: SpaceWatch,
    arrivals: PictureArrivals
  ) {
    self.administration = administration
    self.index = index
    self.store = store
    self.thumbnails = thumbnails
    self.space = space
    arrived = arrivals
  }

  /// The first of each series that arrives from now on, and of those that came while nobody listened; for one listener.
  package var arrivals: AsyncStream<PicturedObject> { arrived.stream }

  /// Returns when a thumbnail takes no processor away from objects that arrive, where the last one took `spent`.
  package func leisure(after spent: Duration) async throws { try await arrived.leisure(after: spent) }

  /// The first whole objects of what is named, at most a page, in the order in which they came. `name`: of the peer or user
  /// with whose eyes the archive is looked at; nil for the operator's own.
  package func objects(of selection: InstanceSelection, as name: String?) async throws -> [PicturedObject] {
    if let name {
      // Looking is a query's right: a picture is no copy of the object.
      let caller = try await administration.caller(named: name, through: nil, assurance: nil)
      let reader = ArchiveReader(caller: caller, rights: .query, index: index, store: store)
      for try await page in reader.instances(in: selection) {
        return page.instances.filter { $0.fault == .none }.map(PicturedObject.init)
      }
      return []
    }
    return try await index.database.read { database in
      let conditions = [
        ("study.v_0020000d", selection.studyInstanceUIDs), ("series.v_0020000e", selection.seriesInstanceUIDs),
        ("instance.v_00080018", selection.sopInstanceUIDs),
      ].filter { !$0.1.isEmpty }
      return try Row.fetchAll(
        database,
        sql: """
          SELECT instance.object, instance.v_00080018, instance.size FROM instance
            JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
          WHERE \((["instance.fault = 0"] + conditions.map { "\($0.0) IN (SELECT value FROM json_each(?))" })
            .joined(separator: " AND "))
          ORDER BY instance.preference, instance.id LIMIT \(QueryCompiler.pageSize)
          """,
        arguments: StatementArguments(conditions.map { QueryCompiler.json($0.1.map(MatchingForm.storable)) })
      ).map { PicturedObject(object: ObjectKey(name: $0[0]), sopInstanceUID: $0[1], size: $0[2]) }
    }
  }

  /// Returns when it is on the disk that the operator is shown pictures of these objects, with whose eyes, if not their own, and
  /// which picture `detail` says it is. Throws where one of them is gone.
  package func show(_ objects: [PicturedObject], as name: String?, _ detail: String) async throws {
    let subjects = try await index.database.read { database in
      try objects.map { object in
        let row = try Row.fetchOne(
          database,
          sql: """
            SELECT v_00080016, patient_id, issuer, sole_study, study.v_0020000d FROM instance
              JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
              JOIN patient ON patient.id = study.patient
            WHERE object = ?
            """, arguments: [object.object.name])
        guard let row else { throw ArchiveError("\(object.sopInstanceUID) is not stored any more") }
        return (
          AuditSubject(
            PatientIdentity(stored: row[1], issuer: row[2], soleStudy: row[3]), studyInstanceUID: row[4]),
          row[0] as String, object.sopInstanceUID
        )
      }
    }
    // What belongs to one study is one subject.
    let instances = subjects.reduce(into: [AuditSubject: [String: [String]]]()) { all, shown in
      all[shown.0, default: [:]][shown.1, default: []].append(shown.2)
    }
    try await administration.view.record(
      "picture shown", detail + (name.map { " as '\($0)' sees it" } ?? ""),
      count: objects.count,
      of: instances.map { subject, instances in
        var subject = subject
        subject.instances = instances
        return subject
      })
  }

  /// The whole file.
  package func file(of object: PicturedObject) async throws -> [UInt8] {
    try await store.read(0..<object.size, of: object.object)
  }

  /// nil where none is kept.
  package func thumbnail(of object: PicturedObject) async throws -> [UInt8]? {
    try await OperationThread.run { thumbnails.read(object.object) }
  }

  /// Keeps a thumbnail as long as its object, if there is room.
  package func keep(_ thumbnail: [UInt8], of object: PicturedObject) async throws {
    try await OperationThread.run {
      guard (try? space.requireRoom()) != nil else { return }
      try thumbnails.write(thumbnail, of: object.object)
      // Deleted meanwhile: its thumbnail was looked for before it was there.
      if try !isStored(object.object) { thumbnails.remove(object.object) }
    }
  }

  /// Removes the thumbnails whose objects are gone.
  package func sweep() async throws {
    try await OperationThread.run {
      let (keys, drafts) = thumbnails.names()
      for draft in drafts { unlink(draft) }
      for key in keys where try !isStored(key) { thumbnails.remove(key) }
    }
  }

  private func isStored(_ key: ObjectKey) throws -> Bool {
    try index.database.read { database in
      try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM instance WHERE object = ?)", arguments: [key.name]) ?? false
    }
  }
}

extension PicturedObject {
  init(_ record: InstanceRecord) {
    self.init(object: record.object, sopInstanceUID: record.sopInstanceUID, size: record.size)
  }

  init(_ instance: ServedInstance) {
    self.init(object: instance.object, sopInstanceUID: instance.sopInstanceUID, size: instance.size)
  }
}

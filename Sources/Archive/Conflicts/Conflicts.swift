// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// One of several objects that came under one SOP Instance UID. Times are seconds since 1970.
package struct ConflictingVersion: Sendable, Hashable {
  /// In the order in which they came.
  package let number: Int
  package let sopInstanceUID: String
  /// nil for an object that belongs to no patient.
  package let patient: PatientIdentity?
  package let studyInstanceUID: String?
  package let seriesInstanceUID: String?
  package let transferSyntaxUID: String
  package let sender: String
  package let arrivedAt: Double
  /// Bytes of its file.
  package let size: Int
  /// SHA-256 of its data set, in hexadecimal digits.
  package let digest: String
  package let isChosen: Bool
  package let fault: ServedInstance.Fault
  let object: ObjectKey
}

/// Objects of one SOP Instance UID that say different things: all are kept, and of those that a caller may see the chosen one
/// is served, else the earliest. Only an administrator is told.
package struct Conflicts: Sendable {
  private let user: Operator
  private let index: SQLiteIndex
  private let store: any ObjectStore
  private let now: @Sendable () -> Double

  init(user: Operator, index: SQLiteIndex, store: any ObjectStore, now: @escaping @Sendable () -> Double) {
    self.user = user
    self.index = index
    self.store = store
    self.now = now
  }

  /// The SOP Instance UIDs behind `last`, ascending, at most `limit`, with how many versions each has.
  package func list(after last: String = "", limit: Int = 1000) async throws -> [(
    sopInstanceUID: String, versions: Int
  )] {
    try await index.database.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT v_00080018, COUNT(*) FROM instance WHERE v_00080018 > ? GROUP BY v_00080018 HAVING COUNT(*) > 1
            AND (\(Self.sayings)) > 1
          ORDER BY v_00080018 LIMIT ?
          """, arguments: [last, limit]
      ).map { ($0[0], $0[1]) }
    }
  }

  /// How many different things the versions of `instance` say: two that came in two encodings while one of them was lost may
  /// say the same; what was not compared yet may say anything. What another issuer is assumed for is about another patient.
  private static let sayings = """
    SELECT COUNT(DISTINCT coalesce(nullif(hex(version.canonical_digest), ''), version.object) || ' ' || default_issuer)
    FROM instance AS version JOIN arrival ON arrival.number = version.id WHERE version.v_00080018 = instance.v_00080018
    """

  package func versions(of uid: String) async throws -> [ConflictingVersion] {
    let versions = try await index.database.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT instance.*, sender, arrived_at, patient_id, issuer, sole_study, study.v_0020000d AS study,
            series.v_0020000e AS series_uid
          FROM instance JOIN arrival ON arrival.number = instance.id LEFT JOIN series ON series.id = instance.series
          LEFT JOIN study ON study.id = series.study LEFT JOIN patient ON patient.id = study.patient
          WHERE v_00080018 = ? ORDER BY instance.id
          """, arguments: [MatchingForm.storable(uid)]
      ).map(ConflictingVersion.init)
    }
    try await AuditView(user: user, database: index.database, now: now).record(
      "versions shown", "of \(uid)", count: versions.count,
      of: versions.map { version in
        version.patient.map { AuditSubject($0, studyInstanceUID: version.studyInstanceUID ?? "") }
          ?? AuditSubject(patientID: "", issuer: "", studyInstanceUID: "")
      }.filter { !$0.patientID.isEmpty || !$0.studyInstanceUID.isEmpty })
    return versions
  }

  /// What differs between two versions, element by element; nil where a file of theirs is gone or not what was received.
  package func difference(
    between first: ConflictingVersion, and second: ConflictingVersion
  ) async throws -> [ElementDifference]? {
    guard first.fault == .none, second.fault == .none else { return nil }
    do {
      let left = try await ElementListing.read(first.object, from: store)
      return left.differences(to: try await ElementListing.read(second.object, from: store))
    } catch let error as StoreError where error.kind == .missing {
      return nil
    }
  }

  /// From now on this version is served to all who may see it.
  package func choose(_ number: Int, of uid: String, reason: String) async throws {
    guard !reason.isEmpty else { throw ArchiveError("a choice needs a reason: --reason") }
    let (time, actor, user, uid) = (now(), AuditActor(user), user.name, MatchingForm.storable(uid))
    try await index.database.write { database in
      let digest = try Data.fetchOne(
        database, sql: "SELECT digest FROM instance WHERE id = ? AND v_00080018 = ?", arguments: [number, uid])
      guard let digest else {
        throw ArchiveError("there is no version \(number) of \(uid): see collimator conflicts show")
      }
      let was = try Self.standing(of: uid, in: database)
      try Self.end(of: uid, by: user, at: time, in: database)
      try database.execute(
        sql: """
          INSERT INTO conflict_choice (sop_instance_uid, digest, reason, made_by, made_at) VALUES (?, ?, ?, ?, ?)
          """, arguments: [uid, digest, reason, user, time])
      try database.execute(
        sql: "UPDATE instance SET preference = -1 WHERE v_00080018 = ? AND digest = ?", arguments: [uid, digest])
      try AuditTable.append(
        AuditEntry(
          at: time, .correction, "version chosen", by: actor,
          detail: "version \(number) of \(uid), digest \(Arrival.hex(Array(digest))): \(reason)\(was)"),
        in: database)
    }
  }

  /// The earliest is served again.
  package func undoChoice(of uid: String) async throws {
    let (time, actor, user, uid) = (now(), AuditActor(user), user.name, MatchingForm.storable(uid))
    try await index.database.write { database in
      guard try ConflictChoiceTable.chosen(of: uid, in: database) != nil else {
        throw ArchiveError("no version of \(uid) was chosen")
      }
      let was = try Self.standing(of: uid, in: database)
      try Self.end(of: uid, by: user, at: time, in: database)
      try AuditTable.append(
        AuditEntry(at: time, .correction, "choice of version undone", by: actor, detail: "of \(uid)\(was)"),
        in: database)
    }
  }

  /// The choice that stands, for the record; empty where there is none.
  private static func standing(of uid: String, in database: Database) throws -> String {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT digest, reason, made_by, made_at FROM conflict_choice WHERE sop_instance_uid = ? AND undone_at IS NULL
        ORDER BY number DESC LIMIT 1
        """, arguments: [uid])
    return row.map { row in
      "; before, by '\(row[2] as String)' on \(Moment.text(row[3])): digest \(Arrival.hex(Array(row[0] as Data))), because: "
        + "\(row[1] as String)"
    } ?? ""
  }

  private static func end(of uid: String, by user: String, at time: Double, in database: Database) throws {
    try database.execute(
      sql: """
        UPDATE conflict_choice SET undone_by = ?, undone_at = ? WHERE sop_instance_uid = ? AND undone_at IS NULL
        """, arguments: [user, time, uid])
    try database.execute(sql: "UPDATE instance SET preference = 0 WHERE v_00080018 = ?", arguments: [uid])
  }
}

extension ConflictingVersion {
  fileprivate init(_ row: Row) {
    number = row["id"]
    sopInstanceUID = row["v_00080018"]
    patient = (row["patient_id"] as String?).map {
      PatientIdentity(stored: $0, issuer: row["issuer"], soleStudy: row["sole_study"])
    }
    studyInstanceUID = row["study"]
    seriesInstanceUID = row["series_uid"]
    transferSyntaxUID = row["transfer_syntax"]
    sender = row["sender"]
    arrivedAt = row["arrived_at"]
    size = row["size"]
    digest = (row["digest"] as Data).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    isChosen = (row["preference"] as Int) < 0
    fault = ServedInstance.Fault(rawValue: row["fault"]) ?? .damaged
    object = ObjectKey(name: row["object"])
  }
}

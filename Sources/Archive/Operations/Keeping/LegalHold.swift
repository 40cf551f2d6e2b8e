// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// What is not to be deleted, whatever a rule or an operator says, until the hold is released.
package enum HoldScope: Codable, Sendable {
  /// Without an issuer, every patient with this ID, whoever gave it: what is held too much does no harm.
  case patient(id: String, issuer: String?)
  case study(uid: String)
}

package struct HoldListing: Codable, Sendable {
  package let number: Int
  package let what: String
  package let reason: String
  package let placedBy: String
  package let placedAt: String
  package let releasedBy: String?
  package let releasedAt: String?
  package let releaseReason: String?
  /// Studies in the archive that it holds; counted when it is placed, nil in lists.
  package let studies: Int?
  /// Of a patient whose ID was merged into others: these, of whom it holds nothing but what was received by that ID. nil in lists.
  package let mergedInto: [String]?

  init(_ row: Row, studies: Int? = nil, mergedInto: [String]? = nil) {
    self.studies = studies
    self.mergedInto = mergedInto
    number = row["number"]
    what = Self.what(row)
    reason = row["reason"]
    placedBy = row["placed_by"]
    placedAt = Moment.text(row["placed_at"])
    releasedBy = row["released_by"]
    releasedAt = (row["released_at"] as Double?).map(Moment.text)
    releaseReason = row["release_reason"]
  }

  private static func what(_ row: Row) -> String {
    if let study = row["study_uid"] as String? { return "study \(study)" }
    let issuer = (row["issuer"] as String?).map { $0.isEmpty ? " without issuer" : " of \($0)" } ?? ""
    return "patient \(row["patient_id"] as String? ?? "")\(issuer)"
  }
}

enum LegalHoldTable {
  static func insert(
    _ scope: HoldScope, reason: String, by user: String, at time: Double, in database: Database
  ) throws -> HoldListing {
    guard !reason.allSatisfy(\.isWhitespace) else { throw ArchiveError("a legal hold needs a reason: --reason") }
    var values: (patient: String?, issuer: String?, study: String?)
    switch scope {
    case .patient(let id, let issuer):
      guard let patient = PatientIdentity(id: id, issuer: issuer) else {
        throw ArchiveError("an empty Patient ID identifies nobody: hold the study instead")
      }
      values = (patient.id, issuer == nil ? nil : patient.issuer, nil)
    case .study(let uid):
      guard !uid.trimmed.isEmpty else { throw ArchiveError("an empty Study Instance UID names no study") }
      values = (nil, nil, MatchingForm.storable(uid.trimmed))
    }
    try database.execute(
      sql: """
        INSERT INTO legal_hold (patient_id, issuer, study_uid, reason, placed_by, placed_at) VALUES (?, ?, ?, ?, ?, ?)
        """, arguments: [values.patient, values.issuer, values.study, reason, user, time])
    let number = database.lastInsertedRowID
    let row = try Row.fetchOne(database, sql: "SELECT * FROM legal_hold WHERE number = ?", arguments: [number])
    guard let row else { throw ArchiveError("the hold was not kept") }
    let studies = try Int.fetchOne(
      database, sql: "SELECT COUNT(*) FROM study JOIN legal_hold AS hold ON \(isHeld) WHERE hold.number = ?",
      arguments: [number])
    let merged = try successors(values.patient, values.issuer, in: database).map(\.description)
    return HoldListing(row, studies: studies, mergedInto: merged.isEmpty ? nil : merged)
  }

  /// The patients into whom those with this ID were merged, of any issuer where none is named.
  private static func successors(
    _ id: String?, _ issuer: String?, in database: Database
  ) throws -> [PatientIdentity] {
    guard let id else { return [] }
    let merged = try Row.fetchAll(
      database,
      sql: """
        SELECT DISTINCT from_issuer FROM correction
        WHERE from_patient_id = ?1 AND from_sole_study = '' AND study_uid IS NULL AND undone_at IS NULL
          AND (?2 IS NULL OR from_issuer = ?2) ORDER BY 1
        """, arguments: [id, issuer])
    var found: [PatientIdentity] = []
    for row in merged {
      let patient = PatientIdentity(stored: id, issuer: row[0], soleStudy: "")
      if let present = try NamedTarget.successor(of: patient, in: database), !found.contains(present),
        present.id != id || issuer != nil
      {
        found.append(present)
      }
    }
    return found
  }

  /// Each with whom it is about.
  static func all(in database: Database) throws -> [(HoldListing, AuditSubject)] {
    try holds(where: "1", in: database)
  }

  static func hold(_ number: Int, in database: Database) throws -> (HoldListing, AuditSubject)? {
    try holds(where: "number = \(number)", in: database).first
  }

  private static func holds(where condition: String, in database: Database) throws -> [(HoldListing, AuditSubject)] {
    try Row.fetchAll(database, sql: "SELECT * FROM legal_hold WHERE \(condition) ORDER BY number").map { row in
      (
        HoldListing(row),
        AuditSubject(
          patientID: row["patient_id"] ?? "", issuer: row["issuer"] ?? "", studyInstanceUID: row["study_uid"] ?? "")
      )
    }
  }

  static func release(
    _ number: Int, reason: String, by user: String, at time: Double, in database: Database
  ) throws {
    guard !reason.allSatisfy(\.isWhitespace) else {
      throw ArchiveError("releasing a legal hold needs a reason: --reason")
    }
    try database.execute(
      sql: """
        UPDATE legal_hold SET released_by = ?, released_at = ?, release_reason = ?
        WHERE number = ? AND released_at IS NULL
        """, arguments: [user, time, reason, number])
    guard database.changesCount == 1 else {
      throw ArchiveError("there is no legal hold \(number) in force: see collimator hold list")
    }
  }

  /// Holds in force on any of these study rows, as they are shown and as they were received: a correction that moves a study
  /// does not take it out of a hold.
  static func holds(onStudies studies: Set<Int64>, in database: Database) throws -> [HoldListing] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT * FROM legal_hold WHERE number IN (
          SELECT hold.number FROM study JOIN legal_hold AS hold ON \(isHeld)
          WHERE study.id IN (SELECT value FROM json_each(?)))
        ORDER BY number
        """, arguments: [IndexTables.json(studies)]
    ).map { HoldListing($0) }
  }

  /// The rows of these studies, as they were received, that a hold in force keeps from being deleted.
  static func heldRows(ofStudies uids: [String], in database: Database) throws -> Set<Int64> {
    guard try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM legal_hold WHERE released_at IS NULL)") == true
    else { return [] }
    return try Set(
      Int64.fetchAll(
        database,
        sql: """
          SELECT study.id FROM study JOIN study AS shown ON shown.id = COALESCE(study.folded_into, study.id)
          WHERE study.v_0020000d IN (SELECT value FROM json_each(?)) AND EXISTS (
            SELECT 1 FROM legal_hold AS hold WHERE hold.released_at IS NULL AND (hold.study_uid = study.v_0020000d
              OR EXISTS (SELECT 1 FROM patient WHERE patient.id IN (shown.patient, study.received_patient)
                AND hold.patient_id = patient.patient_id AND (hold.issuer IS NULL OR hold.issuer = patient.issuer))))
          """, arguments: [String(decoding: try JSONEncoder().encode(uids), as: UTF8.self)]))
  }

  /// Of `hold` and `study`.
  static let isHeld = """
    (hold.released_at IS NULL AND (hold.study_uid = study.v_0020000d OR EXISTS (
      SELECT 1 FROM study AS part JOIN patient ON patient.id IN (part.patient, part.received_patient)
      WHERE (part.id = study.id OR part.folded_into = study.id) AND hold.patient_id = patient.patient_id
        AND (hold.issuer IS NULL OR hold.issuer = patient.issuer))))
    """
}

extension ArchiveOperations {
  package func addHold(_ scope: HoldScope, reason: String) async throws -> HoldListing {
    let (name, time) = (user.name, now())
    return try await OperationThread.run {
      try database.write { database in
        let hold = try LegalHoldTable.insert(scope, reason: reason, by: name, at: time, in: database)
        try record(
          .correction, "legal hold placed", detail: "\(hold.number), \(hold.what): \(reason)",
          subjects: try LegalHoldTable.hold(hold.number, in: database).map { [$0.1] } ?? [], in: database)
        return hold
      }
    }
  }

  package func holds() async throws -> [HoldListing] {
    let holds = try await OperationThread.run { try database.read(LegalHoldTable.all) }
    try await view.record("legal holds listed", count: holds.count, of: holds.map(\.1))
    return holds.map(\.0)
  }

  package func releaseHold(_ number: Int, reason: String) async throws {
    let (name, time) = (user.name, now())
    try await OperationThread.run {
      try database.write { database in
        try LegalHoldTable.release(number, reason: reason, by: name, at: time, in: database)
        let hold = try LegalHoldTable.hold(number, in: database)
        let was =
          hold.map { ", \($0.0.what), placed by '\($0.0.placedBy)' on \($0.0.placedAt) because: \($0.0.reason)" } ?? ""
        try record(
          .correction, "legal hold released", detail: "\(number): \(reason); it was \(number)\(was)",
          subjects: hold.map { [$0.1] } ?? [], in: database)
      }
    }
  }

  /// What was kept out may come again.
  package func liftDeletion(_ number: Int) async throws {
    try await OperationThread.run {
      try database.write { database in
        let deletion = try TombstoneTable.deletions(in: database).first { $0.number == number }
        try TombstoneTable.lift(number, in: database)
        let was = deletion.map {
          ": \($0.instances) objects, by '\($0.deletedBy)' on \($0.deletedAt) because: \($0.reason)"
        }
        try record(
          .correction, "deletion lifted", detail: "deletion \(number) keeps out nothing more\(was ?? "")",
          subjects: try TombstoneTable.subjects(ofDeletion: number, in: database), in: database)
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Corrections as they stand in the database; one that was undone stays, so that it can be told who saw what as whose.
enum CorrectionTable {
  struct Target {
    let patient: PatientIdentity
    let demographics: Demographics
  }

  /// As whose a study is shown that was received as that patient's: the corrections follow one another in the order in
  /// which they were made. nil where none applies.
  ///
  /// `time`: as it was then, whatever was corrected or undone since; nil for now.
  static func target(
    of received: PatientIdentity, study uid: String, at time: Double? = nil, in database: Database
  ) throws -> Target? {
    let stands = time == nil ? "undone_at IS NULL" : "made_at < ?6 AND (undone_at IS NULL OR undone_at >= ?6)"
    let statement = try database.cachedStatement(
      sql: """
        SELECT number, to_patient_id, to_issuer, demographics FROM correction
        WHERE from_patient_id = ?1 AND from_issuer = ?2 AND from_sole_study = ?3 AND number > ?4
          AND (study_uid IS NULL OR study_uid = ?5) AND \(stands)
        ORDER BY number LIMIT 1
        """)
    let then = time.map { [$0.databaseValue] } ?? []
    var current = received
    var last: Int64 = 0
    var target: Target?
    while let row = try Row.fetchOne(
      statement, arguments: [current.id, current.issuer, current.soleStudy, last, uid] + StatementArguments(then))
    {
      last = row[0]
      current = PatientIdentity(stored: row[1], issuer: row[2], soleStudy: "")
      target = Target(patient: current, demographics: try Demographics(json: row[3]))
    }
    return target
  }

  /// By which corrections what was received as that patient's is shown as another's at a moment, in the order in which they
  /// follow one another. `study`: of one study; nil for all, by the merges alone.
  static func path(
    of received: PatientIdentity, study uid: String?, at moment: Double, in database: Database
  ) throws -> [Correction] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT * FROM correction
        WHERE from_patient_id = ? AND from_issuer = ? AND from_sole_study = ? AND number > ? AND made_at <= ?
          AND (undone_at IS NULL OR undone_at > ?) AND (study_uid IS NULL OR study_uid = ?)
        ORDER BY number LIMIT 1
        """)
    var path: [Correction] = []
    var current = received
    while let row = try Row.fetchOne(
      statement,
      arguments: [
        current.id, current.issuer, current.soleStudy, path.last?.number ?? 0, moment, moment, uid,
      ])
    {
      let correction = Correction(row)
      path.append(correction)
      current = correction.to
    }
    return path
  }

  static func insert(_ draft: CorrectionDraft, by user: String, at time: Double, in database: Database) throws -> Int64
  {
    try database.execute(
      sql: """
        INSERT INTO correction (kind, study_uid, from_patient_id, from_issuer, from_sole_study, to_patient_id, to_issuer,
          demographics, reason, made_by, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        draft.study == nil ? "merge" : "reassign", draft.study, draft.from.id, draft.from.issuer, draft.from.soleStudy,
        draft.to.id, draft.to.issuer, draft.demographics.json(), draft.reason, user, time,
      ])
    return database.lastInsertedRowID
  }

  static func all(in database: Database) throws -> [Correction] {
    try Row.fetchAll(database, sql: "SELECT * FROM correction ORDER BY number").map { Correction($0) }
  }
}

/// A correction about to be made.
struct CorrectionDraft {
  /// nil for a merge.
  let study: String?
  let from: PatientIdentity
  let to: PatientIdentity
  let demographics: Demographics
  let reason: String
}

/// What an administrator set right about whose a study is; the files stay as they were received. Times are seconds since
/// 1970.
package struct Correction: Sendable, Hashable {
  package let number: Int
  /// The Study Instance UID; nil for a merge, which holds for all that is or will be received as `from`'s.
  package let study: String?
  package let from: PatientIdentity
  package let to: PatientIdentity
  package let reason: String
  package let madeBy: String
  package let madeAt: Double
  package let undoneBy: String?
  package let undoneAt: Double?
  package let undoneReason: String?
}

extension Correction {
  fileprivate init(_ row: Row) {
    self.init(
      number: row["number"], study: row["study_uid"],
      from: PatientIdentity(
        stored: row["from_patient_id"], issuer: row["from_issuer"], soleStudy: row["from_sole_study"]),
      to: PatientIdentity(stored: row["to_patient_id"], issuer: row["to_issuer"], soleStudy: ""),
      reason: row["reason"], madeBy: row["made_by"], madeAt: row["made_at"], undoneBy: row["undone_by"],
      undoneAt: row["undone_at"], undoneReason: row["undone_reason"])
  }
}

// SPDX-License-Identifier: Apache-2.0

import GRDB

/// That what was one patient's is shown as another's: what is said of the one does not reach it any more.
package struct PatientMove: Sendable, Hashable, CustomStringConvertible {
  package let from: PatientIdentity
  package let into: PatientIdentity
  private let corrections: [Correction]

  /// nil where what was theirs is theirs still.
  private init?(_ from: PatientIdentity, by corrections: some Sequence<Correction>) {
    self.from = from
    self.corrections = Array(corrections)
    guard let into = self.corrections.last?.to, into != from else { return nil }
    self.into = into
  }

  /// Each step, and when it was made.
  package var description: String {
    corrections.map { correction in
      let moved =
        correction.study == nil
        ? "patient \(correction.from) was merged into \(correction.to)"
        : "the study was reassigned from \(correction.from) to \(correction.to)"
      return "\(moved) on \(Moment.text(correction.madeAt))"
    }.joined(separator: ", ")
  }
}

extension PatientMove {
  /// By the merges that stood at a moment; nil where there was none.
  static func of(_ patient: PatientIdentity, at moment: Double, in database: Database) throws -> PatientMove? {
    PatientMove(patient, by: try CorrectionTable.path(of: patient, study: nil, at: moment, in: database))
  }

  /// Of everybody with this ID, whoever gave it.
  static func all(ofID id: String, at moment: Double, in database: Database) throws -> [PatientMove] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT DISTINCT from_patient_id, from_issuer FROM correction
        WHERE from_patient_id = ? AND from_sole_study = '' AND study_uid IS NULL ORDER BY 2
        """, arguments: [id]
    ).compactMap { try of(PatientIdentity(stored: $0[0], issuer: $0[1], soleStudy: ""), at: moment, in: database) }
  }

  /// Of everybody who is this patient now.
  static func all(into patient: PatientIdentity, at moment: Double, in database: Database) throws -> [PatientMove] {
    guard patient.isSomebody else { return [] }
    return try Row.fetchAll(
      database,
      sql: """
        WITH RECURSIVE former (id, issuer) AS (
          SELECT ?, ? UNION SELECT from_patient_id, from_issuer FROM former
            JOIN correction ON to_patient_id = id AND to_issuer = issuer
            WHERE study_uid IS NULL AND from_sole_study = ''
        ) SELECT id, issuer FROM former
        """, arguments: [patient.id, patient.issuer]
    ).compactMap { try of(PatientIdentity(stored: $0[0], issuer: $0[1], soleStudy: ""), at: moment, in: database) }
      .filter { $0.into == patient }
  }

  /// As whose a study came that is shown in this row, and whoever's it was on the way.
  static func all(ofStudyIn row: Int64, at moment: Double, in database: Database) throws -> [PatientMove] {
    let received = try Row.fetchAll(
      database,
      sql: """
        SELECT DISTINCT patient_id, issuer, sole_study, v_0020000d FROM study JOIN patient ON patient.id = received_patient
        WHERE study.id = :row OR folded_into = :row
        """, arguments: ["row": row])
    return try received.flatMap { row in
      let path = try CorrectionTable.path(
        of: PatientIdentity(stored: row[0], issuer: row[1], soleStudy: row[2]), study: row[3], at: moment,
        in: database)
      return path.indices.compactMap { PatientMove(path[$0].from, by: path[$0...]) }
    }
  }
}

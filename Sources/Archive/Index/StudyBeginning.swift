// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Who began the study of which a new row is made. What is sent under the ID that a study was corrected to makes a row of its
/// own, for that is what was received, and is part of the study that was there: whoever may add to it has not begun it. It is
/// told as of when the object arrived, so that an index that is made anew says the same.
struct StudyBeginning {
  private let uid: String
  private let patient: PatientIdentity
  private let time: Double
  private let database: Database

  init(of hierarchy: InstanceRecord.Hierarchy, at time: Double, in database: Database) {
    self.init(of: hierarchy.studyInstanceUID, of: hierarchy.patient, at: time, in: database)
  }

  init(of uid: String, of patient: PatientIdentity, at time: Double, in database: Database) {
    self.uid = uid
    self.patient = patient
    self.time = time
    self.database = database
  }

  /// `first`: the number of the row's first object, where it is there already.
  func principal(or sender: Int64, aside: Int64, first: Int64 = .max) throws -> Int64 {
    guard aside == 0 else { return sender }
    let others = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT begun_by, patient_id, issuer, sole_study FROM study JOIN patient ON patient.id = received_patient
          WHERE v_0020000d = ?1 AND aside = 0 AND NOT (patient_id = ?2 AND issuer = ?3 AND sole_study = ?4)
            AND (?5 = \(Int64.max) OR ?5 > (SELECT MIN(instance.id) FROM series
              JOIN instance ON coalesce(folded_from, series) = series.id WHERE received_study = study.id))
          ORDER BY study.id
          """), arguments: [uid, patient.id, patient.issuer, patient.soleStudy, first])
    guard !others.isEmpty else { return sender }
    let target = try target(of: patient)
    let earlier = try others.first { row in
      try self.target(of: PatientIdentity(stored: row[1], issuer: row[2], soleStudy: row[3])) == target
    }
    return earlier?[0] ?? sender
  }

  private func target(of received: PatientIdentity) throws -> PatientIdentity {
    try CorrectionTable.target(of: received, study: uid, at: time, in: database)?.patient ?? received
  }
}

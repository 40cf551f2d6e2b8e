// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

extension AuditDisclosure {
  /// Of rows of an answer, by the ids that they have at their level: whose they are, and which of the caller's grants opened
  /// them, asked in the statement's own snapshot.
  init(
    of ids: [Int64], at level: QueryRetrieveLevel, to visibility: Visibility, in database: Database
  ) throws {
    guard !ids.isEmpty else {
      self = .nothing
      return
    }
    let rows = try Row.fetchAll(
      database.cachedStatement(sql: Self.sql(level)), arguments: [IndexTables.json(ids)])
    let subjects = rows.map {
      AuditSubject(PatientIdentity(stored: $0[0], issuer: $0[1], soleStudy: $0[2]), studyInstanceUID: $0[3])
    }
    self.init(
      subjects: subjects,
      grants: try visibility.grants(opening: ids, at: level, most: Self.mostGrants, in: database))
  }

  /// Of objects that are to be sent.
  init(
    of instances: [ServedInstance], withIDs ids: [Int64], to visibility: Visibility, in database: Database
  ) throws {
    self.init(
      subjects: [AuditSubject](of: instances),
      grants: try visibility.grants(opening: ids, at: .image, most: Self.mostGrants, in: database))
  }

  private static func sql(_ level: QueryRetrieveLevel) -> String {
    let all = "SELECT DISTINCT patient_id, issuer, sole_study"
    return switch level {
    case .patient: "\(all), '' FROM patient WHERE id IN (SELECT value FROM json_each(?))"
    case .study:
      """
      \(all), v_0020000d FROM study JOIN patient ON patient.id = study.patient
      WHERE study.id IN (SELECT value FROM json_each(?))
      """
    case .series:
      """
      \(all), v_0020000d FROM series JOIN study ON study.id = series.study JOIN patient ON patient.id = study.patient
      WHERE series.id IN (SELECT value FROM json_each(?))
      """
    case .image:
      """
      \(all), v_0020000d FROM instance JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
        JOIN patient ON patient.id = study.patient
      WHERE instance.id IN (SELECT value FROM json_each(?))
      """
    }
  }

  /// A record names no more of them.
  private static let mostGrants = 100
}

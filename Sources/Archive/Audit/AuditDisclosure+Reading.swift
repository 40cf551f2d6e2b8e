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
      grants: try Self.grants(opening: subjects, isOfPatients: level == .patient, to: visibility, in: database))
  }

  /// Of objects that are to be sent.
  init(of instances: [ServedInstance], to visibility: Visibility, in database: Database) throws {
    let subjects = [AuditSubject](of: instances)
    self.init(
      subjects: subjects,
      grants: subjects.isEmpty
        ? [] : try Self.grants(opening: subjects, isOfPatients: false, to: visibility, in: database))
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

  /// Asked from the subjects, not from the grants: somebody may have twenty thousand.
  static func grants(
    opening subjects: [AuditSubject], isOfPatients: Bool, to visibility: Visibility, in database: Database
  ) throws -> [Int] {
    let named = subjects.map { [$0.patientID, $0.issuer, $0.studyInstanceUID] }
    let json = "[" + named.map(QueryCompiler.json).joined(separator: ",") + "]"
    let ofPatients =
      isOfPatients
      ? """
      UNION SELECT g.number FROM json_each(?1) AS s
        CROSS JOIN patient ON patient.patient_id = json_extract(s.value, '$[0]')
          AND patient.issuer = json_extract(s.value, '$[1]')
        CROSS JOIN study ON study.patient = patient.id
        CROSS JOIN access_grant AS g ON g.scope = 'study' AND g.patient_id IS NULL AND g.issuer IS NULL
          AND g.study_uid = study.v_0020000d AND \(holds)
      """ : ""
    return try Int.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT g.number FROM access_grant AS g WHERE g.scope = 'everything' AND \(holds)
          UNION SELECT g.number FROM json_each(?1) AS s
            CROSS JOIN access_grant AS g ON g.scope = 'patient' AND g.patient_id = json_extract(s.value, '$[0]')
              AND g.issuer = json_extract(s.value, '$[1]') AND \(holds)
          UNION SELECT g.number FROM json_each(?1) AS s
            CROSS JOIN access_grant AS g ON g.scope = 'study' AND g.patient_id IS NULL AND g.issuer IS NULL
              AND g.study_uid = json_extract(s.value, '$[2]') AND \(holds)
          \(ofPatients)
          ORDER BY 1 LIMIT \(mostGrants)
          """),
      arguments: [json, visibility.caller.principal, visibility.now])
  }

  /// Of a grant `g`, for the caller ?2 at the time ?3.
  private static let holds = """
    g.principal IN (SELECT ?2 UNION SELECT "group" FROM membership WHERE member = ?2)
      AND g.revoked_at IS NULL AND (g.until IS NULL OR g.until > ?3)
    """
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// That two objects say different things of one patient. Nothing is overwritten by it; somebody should look.
package struct DemographicDifference: Sendable, Hashable {
  package let patient: PatientIdentity
  package let studyInstanceUID: String
  /// The keyword of the attribute.
  package let attribute: String
  /// What the archive answers for this study.
  package let value: String
  /// What another study of the patient, or a later object of this one, says.
  package let other: String
}

extension Corrections {
  /// Where objects differ in what they say of one patient: within a study in anything, between studies in name, birth date
  /// and sex.
  package func differences() async throws -> [DemographicDifference] {
    let layout = index.layout
    let differences = try await index.database.read { database in
      try Self.withinStudies(layout, in: database) + Self.betweenStudies(layout, in: database)
    }
    try await view.record(
      "differences listed", count: differences.count,
      of: differences.map { AuditSubject($0.patient, studyInstanceUID: $0.studyInstanceUID) })
    return differences
  }

  private static func withinStudies(_ layout: IndexLayout, in database: Database) throws -> [DemographicDifference] {
    let names = Dictionary(layout.demographics.map { ($0.column, $0) }, uniquingKeysWith: { first, _ in first })
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT difference.study, attribute, value, patient_id, issuer, sole_study FROM difference
        JOIN study ON study.id = difference.study JOIN patient ON patient.id = study.received_patient
        ORDER BY difference.study, attribute, value
        """)
    return try rows.compactMap { row in
      guard let attribute = names[row[1]] else { return nil }
      let study = try Row.fetchOne(
        database, sql: "SELECT v_0020000d, \(attribute.column) FROM study WHERE id = ?", arguments: [row[0] as Int64])
      guard let study else { return nil }
      return DemographicDifference(
        patient: PatientIdentity(stored: row[3], issuer: row[4], soleStudy: row[5]), studyInstanceUID: study[0],
        attribute: attribute.keyword, value: study[1], other: row[2])
    }
  }

  private static func betweenStudies(_ layout: IndexLayout, in database: Database) throws -> [DemographicDifference] {
    try [Tag.patientName, .patientBirthDate, .patientSex].compactMap { layout.byTag[$0] }.flatMap { attribute in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT patient_id, issuer, study.v_0020000d, study.\(attribute.column), first.\(attribute.column)
          FROM study JOIN patient ON patient.id = study.patient
          JOIN study AS first ON first.id = (SELECT min(id) FROM study AS any WHERE any.patient = patient.id)
          WHERE sole_study = '' AND study.\(attribute.keyColumn) <> first.\(attribute.keyColumn) ORDER BY study.id
          """)
      return rows.map { row in
        DemographicDifference(
          patient: PatientIdentity(stored: row[0], issuer: row[1], soleStudy: ""), studyInstanceUID: row[2],
          attribute: attribute.keyword, value: row[3], other: row[4])
      }
    }
  }
}

extension IndexedAttribute {
  fileprivate var keyword: String {
    [sequence, tag].compactMap { $0 }.map { DataDictionary.entry(for: $0)?.keyword ?? $0.hex }.joined(separator: ".")
  }
}

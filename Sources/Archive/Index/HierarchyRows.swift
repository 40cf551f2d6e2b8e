// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Finds or makes the rows of the patient, study and series that an instance belongs to.
struct HierarchyRows {
  struct Found {
    /// The series under which callers are shown the instance.
    let series: Int64
    /// The series as received, where a correction made it part of that one.
    let foldedFrom: Int64?
    let receivedStudy: Int64
    let receivedSeries: Int64
    let isNewStudy: Bool
    /// As received; nil where it was there.
    let newSeries: Int64?
  }

  private let layout: IndexLayout
  private let database: Database

  init(layout: IndexLayout, in database: Database) {
    self.layout = layout
    self.database = database
  }

  /// `aside`: for whom it is kept aside, in rows of its own; 0 for nobody. `time`: when it arrived.
  func place(of hierarchy: InstanceRecord.Hierarchy, sender: Int64, at time: Double, aside: Int64) throws -> Found {
    let patient = try patientID(of: hierarchy.patient)
    let (study, isNewStudy) = try id(
      in: "study", uid: ("v_0020000d", hierarchy.studyInstanceUID), parent: ("received_patient", patient),
      shown: "patient", [("aside", aside), ("begun_by", sender)], [], hierarchy.study)
    if isNewStudy, try needsPlacing(hierarchy) {
      let begunBy = try StudyBeginning(of: hierarchy, at: time, in: database).principal(or: sender, aside: aside)
      if begunBy != sender {
        try database.execute(sql: "UPDATE study SET begun_by = ? WHERE id = ?", arguments: [begunBy, study])
      }
      try Placement(layout: layout, in: database).place(study: hierarchy.studyInstanceUID)
    }
    let (series, isNewSeries) = try id(
      in: "series", uid: ("v_0020000e", hierarchy.seriesInstanceUID), parent: ("received_study", study),
      shown: "study", [], [("referral", hierarchy.referral)], hierarchy.series)
    if isNewSeries, try hasSeveralRows(study: hierarchy.studyInstanceUID) {
      try Placement(layout: layout, in: database).place(study: hierarchy.studyInstanceUID)
    }
    var sought = RowValues(columns: 1, size: 0)
    sought.add(series)
    let folded = try DirectStatement(
      "SELECT folded_into FROM series WHERE id = ? AND folded_into IS NOT NULL", in: database
    ).perform(sought)
    return Found(
      series: folded ?? series, foldedFrom: folded == nil ? nil : series, receivedStudy: study,
      receivedSeries: series, isNewStudy: isNewStudy, newSeries: isNewSeries ? series : nil)
  }

  func patientID(of identity: PatientIdentity) throws -> Int64 {
    var row = RowValues(columns: 3, size: 128)
    for text in [identity.id, identity.issuer, identity.soleStudy] { row.add(text) }
    let known = try DirectStatement(
      "SELECT id FROM patient WHERE patient_id = ? AND issuer = ? AND sole_study = ?", in: database
    ).perform(row)
    if let known { return known }
    try database.cachedStatement(
      sql: "INSERT INTO patient (patient_id, issuer, sole_study) VALUES (?, ?, ?)"
    ).execute(arguments: [identity.id, identity.issuer, identity.soleStudy])
    return database.lastInsertedRowID
  }

  /// What the first object said of a study or a series stays.
  private func id(
    in table: String, uid: (column: String, value: String), parent: (column: String, id: Int64), shown: String,
    _ fixed: [(column: String, value: Int64)], _ further: [(column: String, value: Referral)], _ values: [String]
  ) throws -> (id: Int64, isNew: Bool) {
    let among = fixed.first.map { " AND \($0.column) = \($0.value)" } ?? ""
    var sought = RowValues(columns: 2, size: 64)
    sought.add(uid.value)
    sought.add(parent.id)
    let known = try DirectStatement(
      "SELECT id FROM \(table) WHERE \(uid.column) = ? AND \(parent.column) = ?\(among)", in: database
    ).perform(sought)
    if let known { return (known, false) }
    let columns = [parent.column, shown] + fixed.map(\.column) + further.map(\.column) + layout.columns(of: table)
    let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    try database.cachedStatement(
      sql: "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
    ).execute(
      arguments: StatementArguments(
        [parent.id.databaseValue, parent.id.databaseValue] + fixed.map(\.value.databaseValue)
          + further.map(\.value.json.databaseValue) + values.map(\.databaseValue)))
    return (database.lastInsertedRowID, true)
  }

  private func needsPlacing(_ hierarchy: InstanceRecord.Hierarchy) throws -> Bool {
    if try CorrectionTable.target(of: hierarchy.patient, study: hierarchy.studyInstanceUID, in: database) != nil {
      return true
    }
    return try hasSeveralRows(study: hierarchy.studyInstanceUID)
  }

  private func hasSeveralRows(study uid: String) throws -> Bool {
    let count = try Int.fetchOne(
      database.cachedStatement(sql: "SELECT COUNT(*) FROM study WHERE v_0020000d = ?"), arguments: [uid])
    return (count ?? 0) > 1
  }
}

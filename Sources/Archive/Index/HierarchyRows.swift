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
    let (study, isNewStudy) = try studyID(of: hierarchy, patient: patient, sender: sender, aside: aside)
    if isNewStudy, try needsPlacing(hierarchy) {
      let begunBy = try StudyBeginning(of: hierarchy, at: time, in: database).principal(or: sender, aside: aside)
      if begunBy != sender {
        try database.execute(sql: "UPDATE study SET begun_by = ? WHERE id = ?", arguments: [begunBy, study])
      }
      try Placement(layout: layout, in: database).place(study: hierarchy.studyInstanceUID)
    }
    let (series, isNewSeries) = try seriesID(of: hierarchy, study: study)
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
    return try known ?? insert("INSERT INTO patient (patient_id, issuer, sole_study) VALUES (?, ?, ?)", row)
  }

  /// What the first object said of a study or a series stays.
  private func studyID(
    of hierarchy: InstanceRecord.Hierarchy, patient: Int64, sender: Int64, aside: Int64
  ) throws -> (id: Int64, isNew: Bool) {
    var sought = RowValues(columns: 3, size: 64)
    sought.add(hierarchy.studyInstanceUID)
    for number in [patient, aside] { sought.add(number) }
    let known = try DirectStatement(
      "SELECT id FROM study WHERE v_0020000d = ? AND received_patient = ? AND aside = ?", in: database
    ).perform(sought)
    if let known { return (known, false) }
    var row = RowValues(columns: 4 + hierarchy.study.count, size: 512)
    for number in [patient, patient, aside, sender] { row.add(number) }
    for value in hierarchy.study { row.add(value) }
    return (try insert(layout.studyInsertion, row), true)
  }

  private func seriesID(
    of hierarchy: InstanceRecord.Hierarchy, study: Int64
  ) throws -> (id: Int64, isNew: Bool) {
    var sought = RowValues(columns: 2, size: 64)
    sought.add(hierarchy.seriesInstanceUID)
    sought.add(study)
    let known = try DirectStatement(
      "SELECT id FROM series WHERE v_0020000e = ? AND received_study = ?", in: database
    ).perform(sought)
    if let known { return (known, false) }
    var row = RowValues(columns: 3 + hierarchy.series.count, size: 1024)
    for number in [study, study] { row.add(number) }
    row.add(hierarchy.referralText)
    for value in hierarchy.series { row.add(value) }
    return (try insert(layout.seriesInsertion, row), true)
  }

  private func insert(_ sql: String, _ row: RowValues) throws -> Int64 {
    try DirectStatement(sql, in: database).perform(row)
    return database.lastInsertedRowID
  }

  private func needsPlacing(_ hierarchy: InstanceRecord.Hierarchy) throws -> Bool {
    if try CorrectionTable.target(of: hierarchy.patient, study: hierarchy.studyInstanceUID, in: database) != nil {
      return true
    }
    return try hasSeveralRows(study: hierarchy.studyInstanceUID)
  }

  private func hasSeveralRows(study uid: String) throws -> Bool {
    var sought = RowValues(columns: 1, size: 64)
    sought.add(uid)
    let count = try DirectStatement("SELECT COUNT(*) FROM study WHERE v_0020000d = ?", in: database).perform(sought)
    return (count ?? 0) > 1
  }
}

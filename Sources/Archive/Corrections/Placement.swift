// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Lays the corrections that stand over what was received of one study: under which patient callers are shown it, and, where
/// it then meets itself under that patient, in which row. It follows from rows and corrections alone, so that doing it again,
/// after an undoing or in a new index, gives the same.
struct Placement {
  private let layout: IndexLayout
  private let database: Database

  init(layout: IndexLayout, in database: Database) {
    self.layout = layout
    self.database = database
  }

  func place(study uid: String) throws {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT study.id, received_patient, received_demographics, patient_id, issuer, sole_study, aside, study.patient
          FROM study JOIN patient ON patient.id = received_patient WHERE v_0020000d = ?
          ORDER BY ifnull((SELECT MIN(instance.id) FROM series JOIN instance ON \(Self.isReceived)
            WHERE received_study = study.id), \(Int64.max)), study.id
          """), arguments: [uid])
    /// The row in which a patient's study is shown: the one of whose objects the earliest is here.
    var shown: [Place: Int64] = [:]
    var shownStudy: [(received: Int64, shown: Int64)] = []
    for row in rows {
      let study: Int64 = row[0]
      let received = PatientIdentity(stored: row[3], issuer: row[4], soleStudy: row[5])
      let target = try CorrectionTable.target(of: received, study: uid, in: database)
      try layDemographics(target?.demographics, over: study, received: row[2])
      let patient: Int64 =
        try target.map { try HierarchyRows(layout: layout, in: database).patientID(of: $0.patient) } ?? row[1]
      // What is kept aside is never part of what others see.
      let key = Place(patient: patient, aside: row[6])
      let place = shown[key] ?? study
      shown[key] = place
      shownStudy.append((study, place))
      try database.cachedStatement(sql: "UPDATE study SET patient = ?, folded_into = ? WHERE id = ?").execute(
        arguments: [place == study ? patient : nil, place == study ? nil : place, study])
    }
    try placeSeries(in: shownStudy)
    let patients = Set(rows.compactMap { $0[7] as Int64? }).union(shown.keys.map(\.patient))
    for patient in patients.sorted() { try Voices(layout.voices, in: database).rebuild(patient: patient) }
  }

  private static let isReceived = """
    ((instance.series = series.id AND instance.folded_from IS NULL) OR instance.folded_from = series.id)
    """

  private struct Place: Hashable {
    let patient: Int64
    let aside: Int64
  }

  private func layDemographics(_ corrected: Demographics?, over study: Int64, received: String?) throws {
    let original = try received.map(Demographics.init(json:))
    guard let corrected else {
      guard let original else { return }
      try original.write(to: study, layout: layout, in: database)
      return try database.execute(sql: "UPDATE study SET received_demographics = NULL WHERE id = ?", arguments: [study])
    }
    if original == nil, let standing = try Demographics(study: study, layout: layout, in: database) {
      try database.execute(
        sql: "UPDATE study SET received_demographics = ? WHERE id = ?", arguments: [standing.json(), study])
    }
    try corrected.write(to: study, layout: layout, in: database)
  }

  private func placeSeries(in studies: [(received: Int64, shown: Int64)]) throws {
    struct Shown: Hashable { let uid: String, study: Int64 }
    var shown: [Shown: Int64] = [:]
    var rows: [(id: Int64, first: Int64, place: Shown)] = []
    for (received, study) in studies {
      rows += try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT id, ifnull((SELECT MIN(instance.id) FROM instance WHERE \(Self.isReceived)), \(Int64.max)), v_0020000e
            FROM series WHERE received_study = ?
            """),
        arguments: [received]
      ).map { ($0[0], $0[1], Shown(uid: $0[2], study: study)) }
    }
    for (series, _, key) in rows.sorted(by: { ($0.first, $0.id) < ($1.first, $1.id) }) {
      let place = shown[key] ?? series
      shown[key] = place
      try database.cachedStatement(sql: "UPDATE series SET study = ?, folded_into = ? WHERE id = ?").execute(
        arguments: [place == series ? key.study : nil, place == series ? nil : place, series])
    }
    try placeInstances(of: rows.map { ($0.id, shown[$0.place] ?? $0.id) })
  }

  /// First all back to where they were received, then to where they are shown.
  private func placeInstances(of series: [(received: Int64, shown: Int64)]) throws {
    for (received, _) in series {
      try database.cachedStatement(
        sql: "UPDATE instance SET series = folded_from, folded_from = NULL WHERE folded_from = ?"
      ).execute(arguments: [received])
    }
    // What is received there is told from what was moved there by `folded_from`, so the order does not matter.
    for (received, shown) in series where received != shown {
      try database.cachedStatement(
        sql: "UPDATE instance SET series = ?, folded_from = ? WHERE series = ? AND folded_from IS NULL"
      ).execute(arguments: [shown, received, received])
    }
  }
}

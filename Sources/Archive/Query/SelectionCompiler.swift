// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// A selection of instances as one SQL statement over the caller's visible rows.
struct SelectionCompiler {
  /// Each page goes through all that is left, to put it in order: of fewer rows there would be more pages to go through.
  static let pagesAtOnce = 16

  /// How many a page has.
  static func pageSize(_ visibility: Visibility) -> Int { pagesAtOnce * visibility.pageSize }

  private var conditions: [String] = []
  private var values: [DatabaseValue] = []

  init(_ selection: InstanceSelection) {
    tables = Self.tables(for: selection)
    if let patient = selection.patient {
      conditions.append("patient.patient_id = ? AND patient.issuer = ? AND patient.sole_study = ?")
      values += [patient.id, patient.issuer, patient.soleStudy].map(\.databaseValue)
    }
    add("study.v_0020000d", selection.studyInstanceUIDs)
    add("series.v_0020000e", selection.seriesInstanceUIDs)
    add("candidate.v_00080018", selection.sopInstanceUIDs)
    if !selection.objects.isEmpty {
      conditions.append("candidate.object IN (SELECT value FROM json_each(?))")
      values.append(QueryCompiler.json(selection.objects.map(\.name)).databaseValue)
    }
  }

  private mutating func add(_ column: String, _ uids: [String]) {
    guard !uids.isEmpty else { return }
    conditions.append("\(column) IN (SELECT value FROM json_each(?))")
    values.append(QueryCompiler.json(uids.map(MatchingForm.storable)).databaseValue)
  }

  /// From the table of what is named and is highest, joined in that order: of a study that is hidden nothing below it is
  /// looked at, so that it takes no longer than one that is not there.
  private let tables: String

  private static func tables(for selection: InstanceSelection) -> String {
    let below = """
      CROSS JOIN series ON series.study = study.id CROSS JOIN instance AS candidate ON candidate.series = series.id
      """
    let above = """
      CROSS JOIN study ON study.id = series.study CROSS JOIN patient ON patient.id = study.patient
      """
    if !selection.studyInstanceUIDs.isEmpty {
      return "study CROSS JOIN patient ON patient.id = study.patient \(below)"
    }
    if selection.patient != nil { return "patient CROSS JOIN study ON study.patient = patient.id \(below)" }
    if !selection.seriesInstanceUIDs.isEmpty, selection.sopInstanceUIDs.isEmpty {
      return "series \(above) CROSS JOIN instance AS candidate ON candidate.series = series.id"
    }
    return "instance AS candidate CROSS JOIN series ON series.id = candidate.series \(above)"
  }

  /// Of several versions that are named and visible: the whole ones before the faulty, the chosen before the others, the
  /// earliest first.
  private static func order(_ name: String) -> String { "(\(name).fault <> 0, \(name).preference, \(name).id)" }

  private func sql(_ layout: IndexLayout, _ visibility: Visibility) -> String {
    let wanted = ([visibility.instance(named: "candidate")] + conditions).joined(separator: " AND ")
    // Seldom needed, and more than all the rest together.
    let demographics = layout.demographics.map {
      "CASE WHEN received.received_demographics IS NOT NULL THEN received.\($0.column) END"
    }
    return """
      SELECT candidate.id, candidate.object, candidate.v_00080016, candidate.v_00080018, series.v_0020000e,
        study.v_0020000d, candidate.transfer_syntax, candidate.size, candidate.fault, patient.patient_id, patient.issuer,
        patient.sole_study, candidate.digest, received.received_demographics IS NOT NULL, \(demographics.joined(separator: ", "))
      FROM \(tables)
        JOIN series AS own ON own.id = coalesce(candidate.folded_from, candidate.series)
        JOIN study AS received ON received.id = own.received_study
      WHERE candidate.id > ? AND \(wanted) AND NOT EXISTS (
        SELECT 1 FROM (SELECT candidate.v_00080018 AS uid, candidate.fault AS fault, candidate.preference AS preference,
          candidate.id AS id) AS this JOIN instance AS candidate ON candidate.v_00080018 = this.uid
          JOIN series ON series.id = candidate.series JOIN study ON study.id = series.study
          JOIN patient ON patient.id = study.patient
        WHERE \(Self.order("candidate")) < \(Self.order("this")) AND \(wanted))
      ORDER BY candidate.id LIMIT \(Self.pageSize(visibility))
      """
  }

  func rows(
    _ layout: IndexLayout, _ visibility: Visibility, after last: Int64, in database: Database
  ) throws -> SelectedRows {
    try SelectedRows(
      sql(layout, visibility), named: visibility.named, values: [last.databaseValue] + values + values, in: database)
  }
}

extension ServedInstance {
  /// `last`: the one before, whose texts it shares where they are the same: a plan may have tens of thousands of one study.
  init(_ row: SelectedRow, layout: IndexLayout, after last: ServedInstance?) {
    // By their bytes: two that only look the same may be two persons'.
    func text(_ column: Int, _ known: String?) -> String {
      known.flatMap { row.has($0, in: column) ? $0 : nil } ?? row.text(column)
    }
    let patient = PatientIdentity(
      stored: text(9, last?.patient.id), issuer: text(10, last?.patient.issuer),
      soleStudy: text(11, last?.patient.soleStudy))
    let coercion =
      row.integer(13) != 0
      ? PatientCoercion(
        patient: patient,
        values: layout.demographics.enumerated().map { index, attribute in
          let text = row.text(14 + index)
          return PatientCoercion.Value(
            attribute: attribute,
            values: text.isEmpty ? [] : text.split(separator: "\\", omittingEmptySubsequences: false).map(String.init))
        }) : nil
    var digest: [UInt8] = []
    row.append(12, to: &digest)
    self.init(
      Content(
        object: ObjectKey(name: row.text(1)), sopClassUID: text(2, last?.sopClassUID), sopInstanceUID: row.text(3),
        seriesInstanceUID: text(4, last?.seriesInstanceUID), studyInstanceUID: text(5, last?.studyInstanceUID),
        transferSyntaxUID: text(6, last?.transferSyntaxUID), size: Int(row.integer(7)), digest: digest,
        fault: Fault(rawValue: Int(row.integer(8))) ?? .damaged, patient: patient, coercion: coercion))
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// A selection of instances as one SQL statement over the caller's visible rows.
struct SelectionCompiler {
  static let pageSize = 256

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

  func sql(_ layout: IndexLayout, _ visibility: Visibility) -> String {
    let wanted = ([visibility.instance(named: "candidate")] + conditions).joined(separator: " AND ")
    let demographics = layout.demographics.map { "received.\($0.column)" }
    return """
      SELECT candidate.id, candidate.object, candidate.v_00080016, candidate.v_00080018, series.v_0020000e,
        study.v_0020000d, candidate.transfer_syntax, candidate.size, candidate.fault, patient.patient_id, patient.issuer,
        patient.sole_study, received.received_demographics IS NOT NULL, \(demographics.joined(separator: ", "))
      FROM \(tables)
        JOIN series AS own ON own.id = coalesce(candidate.folded_from, candidate.series)
        JOIN study AS received ON received.id = own.received_study
      WHERE candidate.id > ? AND \(wanted) AND NOT EXISTS (
        SELECT 1 FROM (SELECT candidate.v_00080018 AS uid, candidate.fault AS fault, candidate.preference AS preference,
          candidate.id AS id) AS this JOIN instance AS candidate ON candidate.v_00080018 = this.uid
          JOIN series ON series.id = candidate.series JOIN study ON study.id = series.study
          JOIN patient ON patient.id = study.patient
        WHERE \(Self.order("candidate")) < \(Self.order("this")) AND \(wanted))
      ORDER BY candidate.id LIMIT \(Self.pageSize)
      """
  }

  func arguments(for visibility: Visibility, after last: Int64) -> StatementArguments {
    visibility.arguments + StatementArguments([last.databaseValue] + values + values)
  }
}

extension ServedInstance {
  init(_ row: Row, layout: IndexLayout) throws {
    object = ObjectKey(name: row[1])
    sopClassUID = row[2]
    sopInstanceUID = row[3]
    seriesInstanceUID = row[4]
    studyInstanceUID = row[5]
    transferSyntaxUID = row[6]
    size = row[7]
    fault = Fault(rawValue: row[8]) ?? .damaged
    let patient = PatientIdentity(stored: row[9], issuer: row[10], soleStudy: row[11])
    self.patient = patient
    coercion =
      row[12] as Bool
      ? PatientCoercion(
        patient: patient,
        values: layout.demographics.enumerated().map { index, attribute in
          let text: String = row[13 + index]
          return PatientCoercion.Value(
            attribute: attribute,
            values: text.isEmpty ? [] : text.split(separator: "\\", omittingEmptySubsequences: false).map(String.init))
        }) : nil
  }
}

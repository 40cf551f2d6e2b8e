// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation
import GRDB

/// A selection as SQL over all rows: it is for the operator, who owns the files; callers are answered by `ArchiveReader`.
struct SelectionQuery {
  static let pageSize = 256

  private var conditions: [String] = []
  private var arguments: [DatabaseValue] = []
  private var wildcards: [(column: String, pattern: WildcardPattern)] = []

  /// Throws for a selection that could mean two patients, or none.
  init(_ selection: ArchiveSelection, layout: IndexLayout, in database: Database) throws {
    switch selection {
    case .everything: break
    case .patient(let id, let issuer): try addPatient(id, issuer, in: database)
    case .study(let uid):
      addUID(
        uid,
        "instance.series IN (SELECT series.id FROM series JOIN study ON study.id = study WHERE study.v_0020000d = ?)"
      )
    case .series(let uid): addUID(uid, "instance.series IN (SELECT id FROM series WHERE v_0020000e = ?)")
    case .instance(let uid): addUID(uid, "instance.v_00080018 = ?")
    case .matching(let keys): for key in keys { try add(key, layout) }
    }
  }

  /// Of one study row, which belongs to one patient.
  init(study: Int64) {
    conditions.append("instance.series IN (SELECT id FROM series WHERE study = ?)")
    arguments.append(study.databaseValue)
  }

  /// What stands in the index and was deleted.
  static func deleted(in database: Database) throws -> [SelectedInstance] {
    var query = SelectionQuery()
    query.conditions.append("instance.object IN (SELECT object FROM main.tombstone)")
    return try query.all(in: database)
  }

  private init() {}

  /// The next instances behind `lastID`, in the order in which they came; `isLast` when there are no more.
  func page(after lastID: Int64, in database: Database) throws -> (
    instances: [SelectedInstance], lastID: Int64, isLast: Bool
  ) {
    let further = wildcards.indices.map { ", \(wildcards[$0].column) AS wild_\($0)" }.joined()
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT instance.id AS id, instance.object AS object, instance.v_00080016 AS sop_class,
          instance.v_00080018 AS sop_instance, instance.transfer_syntax AS transfer_syntax, instance.digest AS digest,
          instance.size AS size, instance.fault AS fault, instance.preference AS preference, series.id AS series, study.id AS study,
          patient.id AS patient, study.v_0020000d AS study_uid, series.v_0020000e AS series_uid,
          received_series.id AS received_series, received_study.id AS received_study,
          received_study.received_patient AS received_patient\(further)
        FROM instance LEFT JOIN series ON series.id = instance.series LEFT JOIN study ON study.id = series.study
          LEFT JOIN patient ON patient.id = study.patient
          LEFT JOIN series AS received_series ON received_series.id = COALESCE(instance.folded_from, instance.series)
          LEFT JOIN study AS received_study ON received_study.id = received_series.received_study
        WHERE \((["instance.id > ?"] + conditions).joined(separator: " AND "))
        ORDER BY instance.id LIMIT \(Self.pageSize)
        """, arguments: StatementArguments([lastID.databaseValue] + arguments))
    let matching = rows.filter { row in
      wildcards.indices.allSatisfy { index in
        let values = row["wild_\(index)"] as String? ?? ""
        return wildcards[index].pattern.matches(
          anyOf: values.split(separator: "\\", omittingEmptySubsequences: false))
      }
    }
    return (matching.map(SelectedInstance.init), rows.last?["id"] ?? lastID, rows.count < Self.pageSize)
  }

  /// All of it, in one view of the database.
  func all(in database: Database) throws -> [SelectedInstance] {
    var all: [SelectedInstance] = []
    var lastID: Int64 = 0
    while true {
      let page = try page(after: lastID, in: database)
      all += page.instances
      lastID = page.lastID
      if page.isLast { return all }
    }
  }

  private mutating func addUID(_ uid: String, _ condition: String) {
    conditions.append(condition)
    arguments.append(MatchingForm.storable(uid.trimmed).databaseValue)
  }

  private mutating func addPatient(_ id: String, _ issuer: String?, in database: Database) throws {
    guard let sought = PatientIdentity(id: id, issuer: issuer) else {
      throw ArchiveError("an empty Patient ID identifies nobody: name a study instead")
    }
    let patients = try Row.fetchAll(
      database, sql: "SELECT id, issuer FROM patient WHERE patient_id = ? AND sole_study = ''", arguments: [sought.id]
    ).filter { row in issuer == nil || sought.issuer == row["issuer"] }
    guard patients.count <= 1 else {
      let issuers = patients.map { "'\($0["issuer"] as String)'" }.joined(separator: ", ")
      throw ArchiveError("Patient ID '\(id)' is \(patients.count) persons: say whose with --issuer (\(issuers))")
    }
    conditions.append(
      "instance.series IN (SELECT series.id FROM series JOIN study ON study.id = study WHERE study.patient = ?)")
    arguments.append((patients.first?["id"] as Int64? ?? 0).databaseValue)
  }
}

extension SelectionQuery {
  /// Several keys have to match together, with the meanings of PS3.4 C.2.2.2.
  private mutating func add(_ key: MatchingKey, _ layout: IndexLayout) throws {
    guard let attribute = layout.byTag[key.tag] else {
      throw ArchiveError(
        "the index does not hold \(DataDictionary.entry(for: key.tag)?.keyword ?? key.tag.description)")
    }
    let column = "\(attribute.table).\(attribute.keyColumn)"
    switch key.matching {
    case .universal: break
    case .singleValue(let value) where attribute.vr == .tm || attribute.vr == .dt:
      addRange(column, from: value, to: value, vr: attribute.vr)
    case .singleValue(let value):
      conditions.append("instr('\\' || \(column) || '\\', ?) > 0")
      let sought = attribute.hasKeyColumn ? MatchingForm.sought(value, vr: attribute.vr) : value
      arguments.append("\\\(MatchingForm.storable(sought))\\".databaseValue)
    case .uidList(let uids):
      conditions.append("\(column) IN (\(uids.map { _ in "?" }.joined(separator: ", ")))")
      arguments += uids.map { MatchingForm.storable($0).databaseValue }
    case .wildcard(let pattern):
      let sought = attribute.vr == .pn ? MatchingForm.personName(pattern) : pattern
      wildcards.append((column, WildcardPattern(MatchingForm.storable(sought))))
    case .range(let from, let to): addRange(column, from: from, to: to, vr: attribute.vr)
    case .empty: conditions.append("\(column) = ''")
    case .allOf, .anyOf, .sequence: throw ArchiveError("a selection has one value for each attribute")
    }
  }

  private mutating func addRange(_ column: String, from: String?, to: String?, vr: VR) {
    conditions.append("\(column) <> ''")
    for (bound, comparison, isUpper) in [(from, ">=", false), (to, "<=", true)] {
      guard let bound else { continue }
      conditions.append("\(column) \(comparison) ?")
      arguments.append(MatchingForm.bound(bound, vr: vr, isUpper: isUpper).databaseValue)
    }
  }
}

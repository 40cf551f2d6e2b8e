// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What an index says of one instance, at all levels, to be said again by another.
struct CarriedRows: Sendable {
  private let patient: [String: DatabaseValue]
  private let study: [String: DatabaseValue]
  private let series: [String: DatabaseValue]
  private let instance: [String: DatabaseValue]
  let sopInstanceUID: String

  /// nil where the index does not know it.
  init?(ofObject name: String, in database: Database) throws {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM instance WHERE object = ?", arguments: [name]) else {
      return nil
    }
    instance = Self.values(row)
    sopInstanceUID = row["v_00080018"]
    series = try Self.row("series", row["series"], in: database)
    study = try Self.row("study", series["study"], in: database)
    patient = try Self.row("patient", study["patient"], in: database)
  }

  private static func row(
    _ table: String, _ id: (any DatabaseValueConvertible)?, in database: Database
  ) throws -> [String: DatabaseValue] {
    try Row.fetchOne(database, sql: "SELECT * FROM \(table) WHERE id = ?", arguments: [id]).map(values) ?? [:]
  }

  private static func values(_ row: Row) -> [String: DatabaseValue] {
    Dictionary(row.map { ($0.0, $0.1) }, uniquingKeysWith: { first, _ in first })
  }

  /// Flagged where its file is gone, or not what it was.
  func insert(in database: Database, isFlagged: Bool) throws {
    var parent: DatabaseValue = .null
    if !patient.isEmpty {
      let patientID = try upsert("patient", patient, ["patient_id", "issuer", "sole_study"], in: database)
      var study = study
      study["patient"] = patientID
      let studyID = try upsert("study", study, ["v_0020000d", "patient"], in: database)
      var series = series
      series["study"] = studyID
      parent = try upsert("series", series, ["v_0020000e", "study"], in: database)
    }
    var instance = instance
    instance["series"] = parent
    if isFlagged { instance["is_missing"] = true.databaseValue }
    try insert(instance, into: "instance", in: database)
  }

  private func upsert(
    _ table: String, _ row: [String: DatabaseValue], _ key: [String], in database: Database
  ) throws -> DatabaseValue {
    let condition = key.map { "\($0) = ?" }.joined(separator: " AND ")
    let found = try Int64.fetchOne(
      database, sql: "SELECT id FROM \(table) WHERE \(condition)",
      arguments: StatementArguments(key.map { row[$0] ?? .null }))
    if let found { return found.databaseValue }
    try insert(row, into: table, in: database)
    return database.lastInsertedRowID.databaseValue
  }

  private func insert(_ row: [String: DatabaseValue], into table: String, in database: Database) throws {
    let columns = row.keys.filter { $0 != "id" }.sorted()
    let marks = columns.map { _ in "?" }.joined(separator: ", ")
    try database.execute(
      sql: "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))",
      arguments: StatementArguments(columns.map { row[$0] ?? .null }))
  }
}

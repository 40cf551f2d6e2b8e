// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// Puts one instance into the index, in a transaction of the caller's.
struct InstanceInsertion {
  private let record: InstanceRecord
  private let time: Double

  init(_ record: InstanceRecord, at time: Double) {
    self.record = record
    self.time = time
  }

  func perform(in database: Database) throws -> Receipt.Outcome {
    let others = try Other.fetchAll(of: record, in: database)
    let uid = record.attributes["v_00080018"] ?? ""
    if others.isEmpty, try TombstoneTable.keepsOut(uid, in: database) { return .keptOut }
    if others.contains(where: { $0.digest == record.digest && !$0.isMissing }) { return .alreadyStored }
    if let lost = others.first(where: { $0.digest == record.digest }) {
      // The same object was here and its file is gone: this is its file now.
      try database.execute(
        sql: "UPDATE instance SET object = ?, size = ?, is_missing = 0 WHERE id = ?",
        arguments: [record.object.name, record.size, lost.id])
    } else {
      try insertInstance(series: try record.hierarchy.map { try seriesID(of: $0, in: database) }, in: database)
    }
    try database.cachedStatement(
      sql:
        "INSERT OR REPLACE INTO arrival (object, sender, calling, arrived_at, digest, size) VALUES (?, ?, ?, ?, ?, ?)"
    ).execute(
      arguments: [
        record.object.name, record.sender, record.callingAETitle, time, Data(record.digest), record.size,
      ])
    return others.allSatisfy { $0.digest == record.digest } ? .stored : .keptBesideAnother
  }

  private func seriesID(of hierarchy: InstanceRecord.Hierarchy, in database: Database) throws -> Int64 {
    let patient = try upsert(
      "patient",
      ["patient_id": hierarchy.patientID, "issuer": hierarchy.issuer, "sole_study": hierarchy.soleStudy],
      parent: nil, unique: ["patient_id", "issuer", "sole_study"], in: database)
    let study = try upsert(
      "study", hierarchy.study, parent: ("patient", patient), unique: ["v_0020000d"], in: database)
    return try upsert(
      "series", hierarchy.series, parent: ("study", study), unique: ["v_0020000e"], in: database)
  }

  /// The id of the row with these unique values; what the first object said of it stays.
  private func upsert(
    _ table: String, _ values: [String: String], parent: (column: String, id: Int64)?, unique: [String],
    in database: Database
  ) throws -> Int64 {
    var row = values.mapValues(\.databaseValue)
    if let parent { row[parent.column] = parent.id.databaseValue }
    let key = (parent.map { [$0.column] } ?? []) + unique
    let condition = key.map { "\($0) = ?" }.joined(separator: " AND ")
    let select = try database.cachedStatement(sql: "SELECT id FROM \(table) WHERE \(condition)")
    if let id = try Int64.fetchOne(select, arguments: StatementArguments(key.map { row[$0] ?? .null })) { return id }
    try insert(row, into: table, in: database)
    return database.lastInsertedRowID
  }

  private func insertInstance(series: Int64?, in database: Database) throws {
    var row = record.attributes.mapValues(\.databaseValue)
    row["series"] = series.databaseValue
    row["object"] = record.object.name.databaseValue
    row["transfer_syntax"] = record.transferSyntaxUID.databaseValue
    row["digest"] = Data(record.digest).databaseValue
    row["size"] = record.size.databaseValue
    try insert(row, into: "instance", in: database)
  }

  private func insert(_ row: [String: DatabaseValue], into table: String, in database: Database) throws {
    let columns = row.keys.sorted()
    let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    try database.cachedStatement(
      sql: "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
    ).execute(arguments: StatementArguments(columns.map { row[$0] ?? .null }))
  }
}

/// What is stored under the same SOP Instance UID.
private struct Other {
  let id: Int64
  let digest: [UInt8]
  let isMissing: Bool

  static func fetchAll(of record: InstanceRecord, in database: Database) throws -> [Other] {
    try Row.fetchAll(
      database.cachedStatement(sql: "SELECT id, digest, is_missing FROM instance WHERE v_00080018 = ?"),
      arguments: [record.attributes["v_00080018"] ?? ""]
    ).map { row in
      Other(id: row[0], digest: Array(row[1] as Data), isMissing: row[2])
    }
  }
}

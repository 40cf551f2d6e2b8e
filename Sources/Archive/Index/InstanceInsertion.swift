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
    let others = try [UInt8].fetchAll(database, others: record)
    if others.contains(record.digest) { return .alreadyStored }
    let series = try record.hierarchy.map { try seriesID(of: $0, in: database) }
    try insertInstance(series: series, in: database)
    try database.cachedStatement(
      sql: "INSERT OR REPLACE INTO arrival (object, sender, calling, arrived_at) VALUES (?, ?, ?, ?)"
    ).execute(arguments: [record.object.name, record.sender, record.callingAETitle, time])
    return others.isEmpty ? .stored : .keptBesideAnother
  }

  private func seriesID(of hierarchy: InstanceRecord.Hierarchy, in database: Database) throws -> Int64 {
    let patient = try upsert(
      .patient, hierarchy.patient, parent: ("sole_study", hierarchy.soleStudy.databaseValue),
      unique: ["v_00100020", "v_00100021"], in: database)
    let study = try upsert(
      .study, hierarchy.study, parent: ("patient", patient.databaseValue), unique: ["v_0020000d"], in: database)
    return try upsert(
      .series, hierarchy.series, parent: ("study", study.databaseValue), unique: ["v_0020000e"], in: database)
  }

  /// The id of the row with these unique values; what the first object said of it stays.
  private func upsert(
    _ level: IndexedAttribute.Level, _ values: [String: String], parent: (column: String, value: DatabaseValue),
    unique: [String], in database: Database
  ) throws -> Int64 {
    let condition = ([parent.column] + unique).map { "\($0) = ?" }.joined(separator: " AND ")
    let key = [parent.value] + unique.map { (values[$0] ?? "").databaseValue }
    let select = try database.cachedStatement(sql: "SELECT id FROM \(level.rawValue) WHERE \(condition)")
    if let id = try Int64.fetchOne(select, arguments: StatementArguments(key)) { return id }
    let columns = values.keys.sorted()
    let names = ([parent.column] + columns).joined(separator: ", ")
    let marks = Array(repeating: "?", count: columns.count + 1).joined(separator: ", ")
    let insert = try database.cachedStatement(sql: "INSERT INTO \(level.rawValue) (\(names)) VALUES (\(marks))")
    try insert.execute(
      arguments: StatementArguments([parent.value] + columns.map { (values[$0] ?? "").databaseValue }))
    return database.lastInsertedRowID
  }

  private func insertInstance(series: Int64?, in database: Database) throws {
    let columns = record.attributes.keys.sorted()
    let names = (["series", "object", "transfer_syntax", "digest", "size"] + columns).joined(separator: ", ")
    let marks = Array(repeating: "?", count: columns.count + 5).joined(separator: ", ")
    let fixed: [DatabaseValue] = [
      series.databaseValue, record.object.name.databaseValue, record.transferSyntaxUID.databaseValue,
      record.digest.blob.databaseValue, record.size.databaseValue,
    ]
    try database.cachedStatement(sql: "INSERT INTO instance (\(names)) VALUES (\(marks))").execute(
      arguments: StatementArguments(fixed + columns.map { (record.attributes[$0] ?? "").databaseValue }))
  }
}

extension [UInt8] {
  /// The digests of the objects with the same SOP Instance UID and transfer syntax; another encoding is another object.
  fileprivate static func fetchAll(_ database: Database, others record: InstanceRecord) throws -> [[UInt8]] {
    try Data.fetchAll(
      database.cachedStatement(sql: "SELECT digest FROM instance WHERE v_00080018 = ?"),
      arguments: [record.attributes["v_00080018"] ?? ""]
    ).map(Array.init)
  }

  fileprivate var blob: Data { Data(self) }
}

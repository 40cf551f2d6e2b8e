// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import GRDB

extension EarlierRows {
  private static let columns = [
    "number", "at", "kind", "act", "outcome", "actor", "principal", "peer", "ae_title", "address", "assurance",
    "destination", "grants", "count", "detail", "identifier", "began", "patient_id", "issuer", "study_uid", "instances",
    "subjects",
  ]

  /// Three records, of which the last is about two patients; chained as the first version with an audit did.
  func putAudit(in database: Database) throws {
    let ct = "1.2.840.10008.5.1.4.1.1.2"
    let common: [String: any DatabaseValueConvertible] = [
      "outcome": "success", "actor": "peer", "principal": "ALL", "peer": "ALL", "ae_title": "ALL",
      "address": "127.0.0.1", "assurance": "address", "grants": "", "detail": "", "subjects": 0,
    ]
    let records: [[String: any DatabaseValueConvertible]] = [
      ["kind": "association", "act": "association opened", "detail": "to COLLIMATOR"],
      [
        "kind": "store", "act": "C-STORE", "count": 1, "patient_id": "4711", "issuer": "CITYHOSPITAL",
        "study_uid": Self.study, "instances": "\(ct) \(Self.objects[0].instance)", "subjects": 1,
      ],
      [
        "kind": "query", "act": "C-FIND", "count": 2, "grants": "1", "identifier": Data([8, 0, 0x52, 0]), "subjects": 2,
      ],
    ]
    let subjects: [[any DatabaseValueConvertible]] = [
      [3, 0, "4711", "CITYHOSPITAL", Self.study, ""], [3, 1, "4712", "", "2.25.1", ""],
    ]
    var hash = [UInt8](repeating: 0, count: 32)
    for (place, record) in records.enumerated() {
      var row = common.merging(record) { $1 }
      row["number"] = place + 1
      row["at"] = Self.time + Double(place)
      let values = Self.columns.map { row[$0]?.databaseValue ?? .null }
      let details = place == 2 ? subjects.flatMap { $0.map(\.databaseValue) } : []
      hash = Array(SHA256.hash(data: hash + (values + details).flatMap(Self.hashed)))
      let marks = Array(repeating: "?", count: values.count + 1).joined(separator: ", ")
      try database.execute(
        sql: "INSERT INTO audit (\(Self.columns.joined(separator: ", ")), hash) VALUES (\(marks))",
        arguments: StatementArguments(values + [Data(hash).databaseValue]))
    }
    for subject in subjects {
      try database.execute(
        sql: "INSERT INTO audit_subject VALUES (?, ?, ?, ?, ?, ?)",
        arguments: StatementArguments(subject.map(\.databaseValue)))
    }
    try database.execute(sql: "INSERT INTO audit_forwarding VALUES ('syslog.example:6514', 2)")
  }

  /// Its type, its length where it has one, itself.
  private static func hashed(_ value: DatabaseValue) -> [UInt8] {
    switch value.storage {
    case .null: [0]
    case .int64(let number): [1] + bigEndian(UInt64(bitPattern: number))
    case .double(let number): [2] + bigEndian(number.bitPattern)
    case .string(let text): [3] + bigEndian(UInt64(text.utf8.count)) + Array(text.utf8)
    case .blob(let data): [4] + bigEndian(UInt64(data.count)) + [UInt8](data)
    }
  }

  private static func bigEndian(_ number: UInt64) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }
}

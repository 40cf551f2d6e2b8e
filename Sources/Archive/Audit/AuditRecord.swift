// SPDX-License-Identifier: Apache-2.0

import GRDB

/// A record as it is told.
package struct AuditRecord: Codable, Sendable, Hashable {
  package struct Subject: Codable, Sendable, Hashable {
    package let patientID: String
    package let issuer: String
    package let studyInstanceUID: String
    /// SOP Instance UIDs by SOP class, where objects moved.
    package let instances: [String: [String]]
  }

  package let number: Int64
  /// Seconds since 1970.
  package let time: Double
  package let kind: String
  package let act: String
  package let outcome: String
  package let actor: String
  package let principal: String
  package let peer: String
  package let aeTitle: String
  package let address: String
  package let assurance: String
  package let destination: String?
  package internal(set) var grants: [Int]
  package let count: Int?
  package let detail: String
  /// As a query's identifier came, in Base64.
  package let identifier: [UInt8]?
  package let began: Int64?
  package internal(set) var subjects: [Subject]
}

extension AuditRecord {
  /// Somebody may have written into the database: what is not as it should be is told as well as it can be.
  init(_ row: Row) {
    func text(_ name: String) -> String { String.fromDatabaseValue(row[name]) ?? "" }
    func optional(_ name: String) -> String? { String.fromDatabaseValue(row[name]) }
    number = Int64.fromDatabaseValue(row["number"]) ?? 0
    time = Double.fromDatabaseValue(row["at"]) ?? 0
    kind = text("kind")
    act = text("act")
    outcome = text("outcome")
    actor = text("actor")
    principal = text("principal")
    peer = text("peer")
    aeTitle = text("ae_title")
    address = text("address")
    assurance = text("assurance")
    destination = optional("destination")
    grants = text("grants").split(separator: ",").compactMap { Int($0) }
    count = Int.fromDatabaseValue(row["count"])
    detail = text("detail")
    let blob = row["identifier"] as DatabaseValue
    identifier = if case .blob(let data) = blob.storage { Array(data) } else { nil }
    began = Int64.fromDatabaseValue(row["began"])
    subjects = optional("patient_id") == nil ? [] : [Subject(row)]
  }
}

extension AuditRecord.Subject {
  init(_ row: Row) {
    func text(_ name: String) -> String { String.fromDatabaseValue(row[name]) ?? "" }
    patientID = text("patient_id")
    issuer = text("issuer")
    studyInstanceUID = text("study_uid")
    instances = AuditInstances.parse(text("instances"))
  }

  package var instanceCount: Int { instances.values.reduce(0) { $0 + $1.count } }
}

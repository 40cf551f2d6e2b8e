// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// Reads records.
enum AuditReading {
  /// What a listing gives at most.
  static let most = 10_000

  /// The newest first; `before`: those with a smaller number.
  static func list(
    _ filter: AuditFilter, before: Int64?, limit: Int, in database: Database
  ) throws -> [AuditRecord] {
    let compiler = try AuditFilterCompiler(filter, in: database)
    let conditions = ["number < ?", AuditFilterCompiler.isNotSuperseded] + compiler.conditions
    return try records(
      "\(conditions.joined(separator: " AND ")) ORDER BY number DESC LIMIT ?",
      [(before ?? Int64.max).databaseValue] + compiler.arguments + [min(max(limit, 0), most).databaseValue],
      in: database)
  }

  /// The oldest first; `after`: those with a greater number.
  static func follow(
    _ filter: AuditFilter, after: Int64, limit: Int, hidesSuperseded: Bool = true, in database: Database
  ) throws -> [AuditRecord] {
    let compiler = try AuditFilterCompiler(filter, in: database)
    let hidden = hidesSuperseded ? [AuditFilterCompiler.isNotSuperseded] : []
    let conditions = ["number > ?"] + hidden + compiler.conditions
    return try records(
      "\(conditions.joined(separator: " AND ")) ORDER BY number LIMIT ?",
      [after.databaseValue] + compiler.arguments + [min(max(limit, 0), most).databaseValue],
      gathersParts: hidesSuperseded, in: database)
  }

  /// As `follow`; of the grants of what is told of a patient those that can be about them.
  static func report(
    _ filter: AuditFilter, after: Int64, limit: Int, in database: Database
  ) throws -> [AuditRecord] {
    let records = try follow(filter, after: after, limit: limit, in: database)
    guard let id = filter.patientID else { return records }
    var grants = AuditGrants(of: try AuditPatient(id, issuer: filter.issuer, in: database), in: database)
    return try records.map { try grants.narrowed($0) }
  }

  /// `gathersParts`: how an answer ended is told with all that it went on with.
  private static func records(
    _ rest: String, _ arguments: [DatabaseValue], gathersParts: Bool = true, in database: Database
  ) throws -> [AuditRecord] {
    let columns = AuditTable.columns.joined(separator: ", ")
    let rows = try Row.fetchAll(
      database, sql: "SELECT \(columns) FROM audit WHERE \(rest)", arguments: StatementArguments(arguments))
    return try rows.map { row in
      var record = AuditRecord(row)
      if gathersParts, record.kind == AuditKind.query.rawValue, record.outcome != AuditOutcome.began.rawValue,
        let began = record.began
      {
        record.subjects = try subjects(ofAnswerFrom: began, in: database)
        return record
      }
      guard (Int.fromDatabaseValue(row["subjects"]) ?? 0) > 1 else { return record }
      record.subjects = try Row.fetchAll(
        database.cachedStatement(sql: "SELECT * FROM audit_subject WHERE record = ? ORDER BY ordinal"),
        arguments: [record.number]
      ).map(AuditRecord.Subject.init)
      return record
    }
  }
}

extension AuditReading {
  /// Of an answer that was told in several records, each once, in the order in which they came. `began`: the first of them.
  private static func subjects(ofAnswerFrom began: Int64, in database: Database) throws -> [AuditRecord.Subject] {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          WITH part AS MATERIALIZED (
            SELECT number FROM audit WHERE number = ?1 UNION SELECT number FROM audit WHERE began = ?1)
          SELECT number AS record, -1 AS ordinal, patient_id, issuer, study_uid, instances FROM audit
            WHERE number IN (SELECT number FROM part) AND patient_id IS NOT NULL
          UNION ALL SELECT record, ordinal, patient_id, issuer, study_uid, instances FROM audit_subject
            WHERE record IN (SELECT number FROM part)
          ORDER BY 1, 2
          """), arguments: [began])
    var met: Set<AuditRecord.Subject> = []
    return rows.map { AuditRecord.Subject($0) }.filter { met.insert($0).inserted }
  }
}

/// Somebody who was shown something of a patient.
package struct AuditViewer: Codable, Sendable, Hashable {
  package let principal: String
  /// peer, user, operator or node.
  package let actor: String
  /// Through which peers they called.
  package let peers: [String]
  /// query, retrieve, export or view.
  package let kind: String
  /// To whom objects went, where that was somebody else.
  package let destination: String?
  package let times: Int
  /// Seconds since 1970.
  package let first: Double
  package let last: Double
  /// Grants that opened it, as far as they were known: of an answer about several patients those that can be about this one.
  package let grants: [Int]
  /// How many of these records say that something began, and no later one how it ended.
  package let unfinished: Int
}

extension AuditReading {
  /// Of a record: that somebody was shown something.
  static let isShowing = """
    kind IN ('query', 'retrieve', 'export', 'view') AND outcome <> 'refused' AND \(AuditFilterCompiler.isNotSuperseded)
    """

  /// Whoever was shown rows or objects of the patient, by an answer, a retrieval, files or an operator's command.
  static func viewers(ofPatient id: String, issuer: String?, in database: Database) throws -> [AuditViewer] {
    let patient = try AuditPatient(id, issuer: issuer, in: database)
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT principal, actor, kind, destination, group_concat(DISTINCT peer), COUNT(*), MIN(at), MAX(at),
          SUM(outcome = 'began')
        FROM audit WHERE number IN (\(AuditFilterCompiler.told(by: AuditPatient.records))) AND \(isShowing)
        GROUP BY principal, actor, kind, destination ORDER BY MAX(at) DESC
        """, arguments: StatementArguments(patient.arguments))
    let grants = try grants(of: patient, in: database)
    return rows.map { row in
      func text(_ index: Int) -> String { String.fromDatabaseValue(row[index]) ?? "" }
      func list(_ index: Int) -> [String] { Set(text(index).split(separator: ",").map(String.init)).sorted() }
      let key = ViewerKey(
        principal: text(0), actor: text(1), kind: text(2), destination: String.fromDatabaseValue(row[3]))
      return AuditViewer(
        principal: key.principal, actor: key.actor, peers: list(4), kind: key.kind, destination: key.destination,
        times: Int.fromDatabaseValue(row[5]) ?? 0,
        first: Double.fromDatabaseValue(row[6]) ?? 0, last: Double.fromDatabaseValue(row[7]) ?? 0,
        grants: grants[key] ?? [], unfinished: Int.fromDatabaseValue(row[8]) ?? 0)
    }
  }
}

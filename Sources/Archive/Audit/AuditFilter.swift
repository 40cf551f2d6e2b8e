// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// Which records are asked for: those that agree with all that is said.
package struct AuditFilter: Codable, Sendable {
  /// A principal, the peer through which they called, or an operator.
  package var who: String?
  package var patientID: String?
  /// nil for any; empty for none.
  package var issuer: String?
  package var studyInstanceUID: String?
  /// Seconds since 1970; the first belongs to it, the last does not.
  package var from: Double?
  package var until: Double?
  package var kinds: [AuditKind] = []
  package var outcomes: [AuditOutcome] = []

  package init() {}
}

/// A filter as SQL over `audit`.
struct AuditFilterCompiler {
  private(set) var conditions: [String] = []
  private(set) var arguments: [DatabaseValue] = []

  /// Of what began and has ended, how it ended is told.
  static let isNotSuperseded = """
    NOT (outcome = 'began' AND EXISTS (SELECT 1 FROM audit AS later
      WHERE later.began = coalesce(audit.began, audit.number) AND later.outcome <> 'began'))
    """

  init(_ filter: AuditFilter, in database: Database) throws {
    if let who = filter.who {
      add("(principal = ? OR peer = ? OR ae_title = ?)", [who, who, who].map(\.databaseValue))
    }
    if let from = filter.from { add("at >= ?", [from.databaseValue]) }
    if let until = filter.until { add("at < ?", [until.databaseValue]) }
    add("kind", filter.kinds.map(\.rawValue))
    add("outcome", filter.outcomes.map(\.rawValue))
    if let patient = filter.patientID {
      let named = try AuditPatient(patient, issuer: filter.issuer, in: database)
      add("number IN (\(Self.told(by: AuditPatient.records)))", named.arguments)
    }
    if let study = filter.studyInstanceUID {
      let named = """
        SELECT number FROM audit WHERE study_uid = ? UNION SELECT record FROM audit_subject WHERE study_uid = ?
        """
      add("number IN (\(Self.told(by: named)))", [study, study].map(\.databaseValue))
    }
  }

  /// The numbers of records and, of a query's that say what it went on with, of the one that says how it ended.
  static func told(by records: String) -> String {
    """
    WITH named (number) AS MATERIALIZED (\(records)) SELECT number FROM named
    UNION SELECT later.number FROM named CROSS JOIN audit AS part ON part.number = named.number
      CROSS JOIN audit AS later ON later.began = coalesce(part.began, part.number)
      WHERE part.kind = 'query' AND part.outcome = 'began' AND later.outcome <> 'began'
    """
  }

  private mutating func add(_ condition: String, _ values: [DatabaseValue]) {
    conditions.append(condition)
    arguments += values
  }

  private mutating func add(_ column: String, _ words: [String]) {
    guard !words.isEmpty else { return }
    add("\(column) IN (SELECT value FROM json_each(?))", [QueryCompiler.json(words).databaseValue])
  }
}

/// A patient as the audit may name them: by the ID, by the IDs that were merged into it, and by the studies that are theirs
/// now.
struct AuditPatient {
  /// Without an issuer: whoever gave the ID.
  private let called: [(id: String, issuer: String?)]
  private let studies: Set<String>

  init(_ id: String, issuer: String?, in database: Database) throws {
    let id = MatchingForm.storable(id.trimmed)
    let given = issuer.map { MatchingForm.storable($0.trimmed) }
    // What was merged into one that was merged into this one is this one's, too.
    called = try Row.fetchAll(
      database,
      sql: """
        WITH RECURSIVE called (id, issuer) AS (
          SELECT ?1, ?2 UNION SELECT from_patient_id, from_issuer FROM correction JOIN called
            ON to_patient_id = called.id AND (called.issuer IS NULL OR to_issuer = called.issuer)
          WHERE study_uid IS NULL AND undone_at IS NULL AND from_patient_id <> ''
        ) SELECT id, issuer FROM called
        """, arguments: [id, given]
    ).map { (id: $0[0] as String, issuer: $0[1] as String?) }
    studies = Set(
      try String.fetchAll(
        database,
        sql: """
          SELECT DISTINCT v_0020000d FROM study JOIN patient ON patient.id = study.patient
          WHERE patient_id = ?1 AND (?2 IS NULL OR issuer = ?2)
          """, arguments: [id, given]))
  }

  var arguments: [DatabaseValue] {
    let identities = called.map { name in
      "["
        + [name.id, name.issuer].map { $0.map { String(QueryCompiler.json([$0]).dropFirst().dropLast()) } ?? "null" }
        .joined(separator: ",") + "]"
    }
    let (names, theirs) = ("[\(identities.joined(separator: ","))]", QueryCompiler.json(studies.sorted()))
    return [names, names, theirs, theirs].map(\.databaseValue)
  }

  /// Whether this is one of their names.
  func isCalled(_ name: PatientName) -> Bool {
    called.contains { own in
      own.id.isSpelt(as: name.id) && own.issuer.map { $0.isSpelt(as: name.issuer) } ?? true
    }
  }

  func isNamed(by subject: AuditRecord.Subject) -> Bool {
    studies.contains(subject.studyInstanceUID) || isCalled(PatientName(id: subject.patientID, issuer: subject.issuer))
  }

  /// The numbers of the records that name them.
  static let records = found("number", "record")
  /// The same with what each says of them.
  static let subjects = found(
    "number, audit.patient_id, audit.issuer, study_uid",
    "record, audit_subject.patient_id, audit_subject.issuer, study_uid")

  private static func found(_ first: String, _ others: String) -> String {
    """
    SELECT \(first) FROM json_each(?) AS who CROSS JOIN audit ON audit.patient_id = json_extract(who.value, '$[0]')
      WHERE json_extract(who.value, '$[1]') IS NULL OR audit.issuer = json_extract(who.value, '$[1]')
    UNION SELECT \(others) FROM json_each(?) AS who
      CROSS JOIN audit_subject ON audit_subject.patient_id = json_extract(who.value, '$[0]')
      WHERE json_extract(who.value, '$[1]') IS NULL OR audit_subject.issuer = json_extract(who.value, '$[1]')
    UNION SELECT \(first) FROM json_each(?) AS theirs CROSS JOIN audit ON audit.study_uid = theirs.value
    UNION SELECT \(others) FROM json_each(?) AS theirs CROSS JOIN audit_subject ON audit_subject.study_uid = theirs.value
    """
  }
}

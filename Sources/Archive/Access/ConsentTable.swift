// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// What patients said, as it stands in the database; what was withdrawn stays.
enum ConsentTable {
  static func insert(
    _ draft: ConsentDraft, party: Int64?, by user: String, at time: Double, in database: Database
  ) throws -> Int {
    if draft.kind != .veto {
      guard case .patient = draft.scope else { throw ArchiveError("a \(draft.kind.rawValue) is a patient's: name one") }
    }
    if case .everything = draft.scope { throw ArchiveError("a veto is on a patient, a study or a series") }
    let target = try TargetColumns(
      draft.scope, draft.narrowing, standing: draft.holdsInEmergency ? .emergency : .ordinary)
    let fixed: [DatabaseValue] = [
      draft.kind.rawValue.databaseValue, (party ?? 0).databaseValue, draft.party.databaseValue,
      draft.holdsInEmergency.databaseValue, draft.from.databaseValue, draft.until.databaseValue,
      draft.reference.databaseValue, user.databaseValue, time.databaseValue,
    ]
    let names = [
      "kind", "against", "party", "holds_in_emergency", "since", "until", "reference", "recorded_by", "recorded_at",
    ]
    let all = names + TargetColumns.names
    let marks = Array(repeating: "?", count: all.count).joined(separator: ", ")
    try database.execute(
      sql: "INSERT INTO consent (\(all.joined(separator: ", "))) VALUES (\(marks))",
      arguments: StatementArguments(fixed + target.values))
    return Int(database.lastInsertedRowID)
  }

  /// The grants that rest on it end with it.
  static func withdraw(_ number: Int, by user: String, at time: Double, in database: Database) throws -> Int {
    try database.execute(
      sql: "UPDATE consent SET withdrawn_by = ?, withdrawn_at = ? WHERE number = ? AND withdrawn_at IS NULL",
      arguments: [user, time, number])
    guard database.changesCount == 1 else {
      throw ArchiveError("there is no consent \(number) that could be withdrawn: see collimator consent list")
    }
    return try GrantTable.revoke(
      where: "consent = ?", [number], because: "consent \(number) was withdrawn", by: user, at: time, in: database)
  }

  static func all(
    where condition: String = "1", _ arguments: StatementArguments = StatementArguments(), in database: Database
  ) throws -> [Consent] {
    try Row.fetchAll(database, sql: "SELECT * FROM consent WHERE \(condition) ORDER BY number", arguments: arguments)
      .compactMap { row in
        let target = TargetColumns(row)
        guard let kind = Consent.Kind(rawValue: row["kind"]) else { return nil }
        return Consent(
          number: row["number"], kind: kind, scope: target.scope, narrowing: target.narrowing, party: row["party"],
          holdsInEmergency: row["holds_in_emergency"], from: row["since"], until: row["until"],
          reference: row["reference"], recordedBy: row["recorded_by"], recordedAt: row["recorded_at"],
          withdrawnBy: row["withdrawn_by"], withdrawnAt: row["withdrawn_at"])
      }
  }
}

/// What a patient says, before it is recorded. Times are seconds since 1970.
package struct ConsentDraft: Sendable {
  package let kind: Consent.Kind
  package let scope: GrantScope
  package let narrowing: GrantNarrowing
  /// Against or for whom; nil for everybody.
  package let party: String?
  package let holdsInEmergency: Bool
  package let from: Double?
  package let until: Double?
  package let reference: String?

  package init(
    kind: Consent.Kind, scope: GrantScope, narrowing: GrantNarrowing = GrantNarrowing(), party: String? = nil,
    holdsInEmergency: Bool = false, from: Double? = nil, until: Double? = nil, reference: String? = nil
  ) {
    self.kind = kind
    self.scope = scope
    self.narrowing = narrowing
    self.party = party
    self.holdsInEmergency = holdsInEmergency
    self.from = from
    self.until = until
    self.reference = reference
  }
}

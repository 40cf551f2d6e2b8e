// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

extension Administration {
  /// For an emergency, at once and for a short while. A patient's veto stands unless the law says that it must not, which an
  /// administrator has to have set; one that holds in an emergency stands always.
  package func openEmergency(
    to name: String, _ scope: GrantScope, reason: String, seconds: Double
  ) async throws -> Grant {
    let time = now()
    guard reason.trimmed.count >= 3 else {
      throw ArchiveError("say why, for the record, in three letters or more: --reason")
    }
    guard seconds >= 60, seconds <= 86_400 else {
      throw ArchiveError("emergency access lasts between a minute and a day")
    }
    if case .everything = scope { throw ArchiveError("emergency access is to a patient or a study") }
    return try await database.write { database in
      guard let principal = try PrincipalTable.id(of: name, in: database),
        try PrincipalTable.kind(of: name, in: database) != "group"
      else { throw ArchiveError("there is no peer or user '\(name)': emergency access is one person's or peer's") }
      try NamedTarget(scope, in: database).require()
      let terms = GrantTerms(
        scope, rights: [.query, .retrieve], until: time + seconds, relationship: .emergency,
        basis: GrantBasis(purposeOfUse: "BTG", reference: reason))
      let grant = try GrantTable.insert(
        to: (principal, name), terms, pending: false, by: user.name, at: time, in: database)
      if try !Self.lawOverridesVetoes(in: database) {
        let target = try TargetColumns(scope, GrantNarrowing(), standing: .ordinary)
        try database.execute(
          sql: "UPDATE access_grant SET shape = ? WHERE number = ?", arguments: [target.shape.number, grant.number])
      }
      let warning = try Self.reach(of: grant, at: time, in: database).warning
      try record(
        EmergencyAct.begun, "\(grant.words); because: \(reason)\(warning.map { "; \($0)" } ?? "")",
        grants: [grant.number], subjects: [AuditSubject](scope), in: database)
      return grant
    }
  }

  static func lawOverridesVetoes(in database: Database) throws -> Bool {
    try Bool.fetchOne(database, sql: "SELECT overrides_vetoes FROM emergency_law") ?? false
  }

  package func emergencyOverridesVetoes() async throws -> Bool {
    try await database.read { try Self.lawOverridesVetoes(in: $0) }
  }

  /// For emergency access that is given from now on.
  package func setEmergencyOverridesVetoes(_ overrides: Bool) async throws {
    let time = now()
    try await database.write { database in
      let before = try Self.lawOverridesVetoes(in: database)
      try database.execute(
        sql: "INSERT OR REPLACE INTO emergency_law (only, overrides_vetoes, set_by, set_at) VALUES (1, ?, ?, ?)",
        arguments: [overrides, user.name, time])
      func words(_ overrides: Bool) -> String {
        overrides ? "emergency access overrides vetoes" : "vetoes stand in an emergency"
      }
      try record("grant law set", "\(words(overrides)); before: \(words(before))", in: database)
    }
  }
}

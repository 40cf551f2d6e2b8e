// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// A row of a table of grants.
package struct ImportedRow: Sendable {
  package let grantee: String
  package let terms: GrantTerms
  /// nil for what its relationship asks for.
  package let pending: Bool?
  /// Its end is reckoned from today, as a template has it: one that was given yesterday is the same.
  package let hasReckonedEnd: Bool
  /// Who opens it, by a grant with the right to share; nil for the administrator.
  package let sharer: String?

  package init(
    _ grantee: String, _ terms: GrantTerms, pending: Bool? = nil, hasReckonedEnd: Bool = false, sharer: String? = nil
  ) {
    self.sharer = sharer
    self.grantee = grantee
    self.terms = terms
    self.pending = pending
    self.hasReckonedEnd = hasReckonedEnd
  }
}

/// What came of a table of grants.
package struct ImportedGrants: Sendable {
  /// Each with what was asked for.
  package var given: [(grant: Grant, asked: GrantTerms)] = []
  /// Rows that are given already.
  package var known = 0
  /// Those of the same terms that wait or are suspended, of rows for which nothing was given beside them.
  package var held: [Grant] = []
}

extension Administration {
  /// All or none; what a grant that stands gives already is not given again. `dryRun`: nothing is kept, and what would be is
  /// returned.
  package func importGrants(_ rows: [ImportedRow], dryRun: Bool) async throws -> ImportedGrants {
    let time = now()
    struct Rehearsal: Error { let grants: ImportedGrants }
    do {
      return try await database.write { database in
        var imported = ImportedGrants()
        for (index, row) in rows.enumerated() {
          do {
            let terms = try row.sharer.map { sharer in
              try Self.shared(Self.stored(row.terms), by: sharer, at: time, in: database)
            }
            switch try standing(row, terms ?? row.terms, at: time, in: database) {
            case .given?:
              imported.known += 1
              continue
            case .held(let grant)?:
              imported.held.append(grant)
              continue
            case nil: break
            }
            let grant = try give(
              terms ?? row.terms, to: row.grantee, pending: row.pending, by: row.sharer, at: time, in: database)
            imported.given.append((grant, row.terms))
          } catch let error as ArchiveError {
            throw ArchiveError("row \(index + 1): \(error.description)")
          }
        }
        if dryRun { throw Rehearsal(grants: imported) }
        return imported
      }
    } catch let rehearsal as Rehearsal {
      return rehearsal.grants
    }
  }

  private enum Standing {
    case given
    /// It opens nothing as it is, and somebody decides whether it shall.
    case held(Grant)
  }

  /// By a grant of the same terms that begins no later and ends no earlier; nil where there is none.
  private func standing(
    _ row: ImportedRow, _ asked: GrantTerms, at time: Double, in database: Database
  ) throws -> Standing? {
    let isPendingAsked = row.pending ?? asked.relationship?.needsVerification ?? false
    var held: Grant?
    for grant in try same(as: row, asked, at: time, in: database) {
      if grant.state == .active || grant.state == .pending && isPendingAsked { return .given }
      held = held ?? grant
    }
    return held.map(Standing.held)
  }

  private func same(
    as row: ImportedRow, _ asked: GrantTerms, at time: Double, in database: Database
  ) throws -> [Grant] {
    guard let principal = try PrincipalTable.id(of: row.grantee, in: database) else { return [] }
    let terms = try ConsentBasis.bounded(asked, to: (principal, row.grantee), at: time, in: database)
    let target = try TargetColumns(
      terms.scope, terms.narrowing, effect: terms.effect, standing: terms.relationship?.standing ?? .ordinary)
    let named = TargetColumns.names.map { "\($0) IS ?" }.joined(separator: " AND ")
    let hasReckonedEnd = row.hasReckonedEnd
    let same = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT * FROM access_grant WHERE principal = ? AND state <> 'revoked' AND rights = ? AND relationship IS ?
            AND consent IS ? AND least_assurance = ? AND shared_by IS ? AND \(named)
          """),
      arguments: StatementArguments(
        [
          principal.databaseValue, terms.rights.rawValue.databaseValue, (terms.relationship?.rawValue).databaseValue,
          terms.basis.consent.databaseValue, terms.leastAssurance.rung.databaseValue,
          (terms.basis.share?.sharer).databaseValue,
        ] + target.values))
    let (from, until) = (max(terms.from ?? 0, time), terms.until ?? .infinity)
    return same.map { GrantTable.grant($0, at: time) }.filter { grant in
      grant.state != .expired && (grant.terms.from ?? 0) <= from
        && (hasReckonedEnd || (grant.until ?? .infinity) >= until)
    }
  }
}

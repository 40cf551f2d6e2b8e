// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// What bounds what somebody shows to others, whichever of their grants it rests on: their memberships, the vetoes against
/// them and, of a peer, its ceiling. Moments are seconds since 1970; infinity is never.
struct SharingBounds {
  /// The sharer, and their groups with the end of the membership.
  let holders: [Int64: Double]
  private let ceiling: Double
  private let forbidden: Double

  /// `mayBeGone`: whether a study or series that is not here is taken for the sharer's still.
  init(
    of sharer: Int64, _ terms: GrantTerms, mayBeGone: Bool = false, at time: Double, in database: Database
  ) throws {
    holders = try Self.holders(sharer, at: time, in: database)
    ceiling = try Self.ceiling(sharer, terms, mayBeGone: mayBeGone, at: time, in: database)
    forbidden = try Self.forbidden(sharer, terms.scope, at: time, in: database)
  }

  /// When the right to show it by a grant of this holder's ends; not after now where there is none.
  func end(by basis: Grant, heldBy holder: Int64?) -> Double {
    // A patient's veto is not against the patient.
    let veto = basis.terms.relationship?.standing == .own ? .infinity : forbidden
    let held = holder.flatMap { holders[$0] } ?? 0
    return [basis.until ?? .infinity, held, ceiling, veto].min() ?? 0
  }

  private static func holders(_ sharer: Int64, at time: Double, in database: Database) throws -> [Int64: Double] {
    var holders: [Int64: Double] = [sharer: .infinity]
    let rows = try Row.fetchAll(
      database,
      sql: "SELECT \"group\", until FROM membership WHERE member = :sharer AND \(MembershipTable.holds)",
      arguments: ["sharer": sharer, "now": time])
    for row in rows { holders[row[0]] = max(holders[row[0]] ?? 0, row[1] ?? .infinity) }
    return holders
  }

  /// Through a peer nobody sees more than its ceiling leaves in, and it shows nobody more.
  private static func ceiling(
    _ sharer: Int64, _ terms: GrantTerms, mayBeGone: Bool, at time: Double, in database: Database
  ) throws -> Double {
    let limits = try GrantTable.all(
      at: time, where: "principal = ? AND effect = 'limits' AND state <> 'revoked'", [sharer], in: database)
    guard !limits.isEmpty else { return .infinity }
    let ends = try limits.filter { limit in
      try limit.state == .active && limit.terms.from ?? 0 <= time
        && limit.terms.rights.isSuperset(of: terms.rights.subtracting(.share))
        && terms.narrowing.isWithin(limit.terms.narrowing)
        && SharingRight.covers(limit.scope, terms.scope, mayBeGone: mayBeGone, in: database)
    }.map { $0.until ?? .infinity }
    return ends.max() ?? 0
  }

  /// From when on a veto against the sharer, or against a group of theirs, is on anything of it: what they may not see they
  /// do not show to others.
  private static func forbidden(
    _ sharer: Int64, _ scope: GrantScope, at time: Double, in database: Database
  ) throws -> Double {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          WITH party (id, since, until) AS (
            SELECT :sharer, 0, 1e18 UNION ALL
            SELECT "group", coalesce(since, 0), coalesce(until, 1e18) FROM membership
              WHERE member = :sharer AND coalesce(until, 1e18) > :now
          ) SELECT consent.*, max(coalesce(consent.since, 0), party.since, :now) AS starts
          FROM party JOIN consent ON consent.against = party.id WHERE kind = 'veto' AND withdrawn_at IS NULL
            AND max(coalesce(consent.since, 0), party.since, :now) < min(coalesce(consent.until, 1e18), party.until)
          ORDER BY starts
          """), arguments: ["sharer": sharer, "now": time])
    for row in rows where try meet(TargetColumns(row).scope, scope, in: database) { return row["starts"] }
    return .infinity
  }

  /// Whether anything is about both.
  private static func meet(_ one: GrantScope, _ other: GrantScope, in database: Database) throws -> Bool {
    let places = { (scope: GrantScope) in try SharingRight.places(of: scope, in: database) }
    switch (one, other) {
    case (.everything, _), (_, .everything): return true
    case (.patient(let id, let issuer), let within), (let within, .patient(let id, let issuer)):
      return try one == other || places(within).contains { $0.patient == id && $0.issuer == issuer ?? "" }
    case (.study(let uid), .series), (.series, .study(let uid)):
      guard case .series = one else { return try places(other).contains { $0.study == uid } }
      return try places(one).contains { $0.study == uid }
    case (.study, .study), (.series, .series): return one == other
    }
  }
}

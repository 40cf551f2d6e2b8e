// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// By which of their grants somebody may open something to others: no more than they have themselves, and no longer.
struct SharingRight {
  private let grant: Grant
  private let sharer: Int64
  /// When it ends: the grant, or the membership by which the sharer has it; nil for never.
  private let until: Double?

  /// The one that holds longest; nil where there is none.
  init?(
    of sharer: Int64, toOpen terms: GrantTerms, at time: Double, in database: Database
  ) throws {
    let isLocked = try Int.fetchOne(
      database, sql: "SELECT 1 FROM user WHERE principal = ? AND locked_at IS NOT NULL", arguments: [sharer])
    guard isLocked == nil, terms.effect == .opens else { return nil }
    let bounds = try SharingBounds(of: sharer, terms, at: time, in: database)
    let grants = try GrantTable.all(
      at: time,
      where: """
        effect = 'opens' AND state = 'active' AND coalesce(since, 0) <= ?
          AND principal IN (SELECT value FROM json_each(?))
        """, [time, IndexTables.json(bounds.holders.keys)], in: database)
    var found: (grant: Grant, until: Double)?
    for grant in grants where grant.state == .active && grant.terms.rights.isSuperset(of: terms.rights.union(.share)) {
      guard terms.narrowing.isWithin(grant.terms.narrowing),
        try Self.covers(grant.scope, terms.scope, in: database)
      else { continue }
      let end = bounds.end(by: grant, heldBy: try GrantTable.holder(of: grant.number, in: database))
      guard end > time, end > found?.until ?? 0 else { continue }
      found = (grant, end)
    }
    guard let found else { return nil }
    (grant, until, self.sharer) = (found.grant, found.until == .infinity ? nil : found.until, sharer)
  }

  /// What is asked for, as far as it can be shared.
  func terms(_ asked: GrantTerms) -> GrantTerms {
    var terms = asked
    terms.until = [asked.until, until].compactMap(\.self).min()
    terms.leastAssurance = max(asked.leastAssurance, grant.terms.leastAssurance)
    terms.relationship = .share
    terms.basis.share = GrantShare(grant: grant.number, sharer: sharer)
    return terms
  }

  /// Until when what was shared may be open: not after now where the sharer may not show it any more.
  static func end(of share: Grant, at time: Double, in database: Database) throws -> Double {
    guard let rests = share.terms.basis.share, let basis = try GrantTable.grant(rests.grant, at: time, in: database),
      basis.state != .revoked, try covers(basis.scope, share.scope, mayBeGone: true, in: database)
    else { return 0 }
    return try SharingBounds(of: rests.sharer, share.terms, mayBeGone: true, at: time, in: database)
      .end(by: basis, heldBy: GrantTable.holder(of: basis.number, in: database))
  }

  /// `mayBeGone`: what is not here at all is taken for theirs still; where it comes again, that is looked at anew.
  static func covers(
    _ own: GrantScope, _ scope: GrantScope, mayBeGone: Bool = false, in database: Database
  ) throws -> Bool {
    switch (own, scope) {
    case (.everything, _): return true
    case (.patient(let id, let issuer), .study), (.patient(let id, let issuer), .series):
      // Of nobody else, or theirs would be opened too.
      let patients = try places(of: scope, in: database)
      return (mayBeGone || !patients.isEmpty) && patients.allSatisfy { $0.patient == id && $0.issuer == issuer ?? "" }
    case (.study(let uid), .series):
      let studies = try places(of: scope, in: database)
      return (mayBeGone || !studies.isEmpty) && studies.allSatisfy { $0.study == uid }
    default: return own == scope
    }
  }

  typealias Place = (patient: String, issuer: String, study: String)

  /// Whose a study or series is, as it is shown.
  static func places(of scope: GrantScope, in database: Database) throws -> [Place] {
    let (column, uid): (String, String)
    switch scope {
    case .study(let named): (column, uid) = ("study.v_0020000d", named)
    case .series(let named): (column, uid) = ("series.v_0020000e", named)
    case .everything, .patient: return []
    }
    return try Row.fetchAll(
      database,
      sql: """
        SELECT DISTINCT patient_id, issuer, v_0020000d FROM patient JOIN study ON study.patient = patient.id
          JOIN series ON series.study = study.id WHERE \(column) = ? AND aside = 0
        """, arguments: [uid]
    ).map { (patient: $0[0], issuer: $0[1], study: $0[2]) }
  }
}

// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

extension Administration {
  package func addGrant(to grantee: String, scope: GrantScope, until: Double?) async throws -> Grant {
    try await addGrant(to: grantee, GrantTerms(scope, until: until))
  }

  /// `pending`: it opens nothing until it is approved; nil for what its relationship asks for. `sharer`: who opens it, by a
  /// grant with the right to share; it is no more than that one, and ends with it.
  package func addGrant(
    to grantee: String, _ terms: GrantTerms, pending: Bool? = nil, sharer: String? = nil
  ) async throws -> Grant {
    let time = now()
    return try await database.write { database in
      guard let sharer else { return try give(terms, to: grantee, pending: pending, at: time, in: database) }
      let shared = try Self.shared(try Self.stored(terms), by: sharer, at: time, in: database)
      return try give(shared, to: grantee, pending: pending, by: sharer, at: time, in: database)
    }
  }

  /// Its scope as it will be compared.
  static func stored(_ terms: GrantTerms) throws -> GrantTerms {
    var terms = terms
    terms.scope = try TargetColumns(terms.scope, terms.narrowing).scope
    return terms
  }

  /// Gives it, on record.
  func give(
    _ terms: GrantTerms, to grantee: String, pending: Bool?, by giver: String? = nil, at time: Double,
    in database: Database
  ) throws -> Grant {
    guard terms.relationship != .emergency else {
      throw ArchiveError("emergency access is short and says why: see collimator grant emergency")
    }
    let grant = try Self.insert(
      terms, to: grantee, pending: pending, by: giver ?? user.name, at: time, in: database)
    try record("grant added", about: grant, in: database)
    return grant
  }

  private func record(_ act: String, about grant: Grant, _ more: String = "", in database: Database) throws {
    try record(
      act, grant.words + more, grants: [grant.number], subjects: [AuditSubject](grant.terms.scope), in: database)
  }

  static func insert(
    _ terms: GrantTerms, to grantee: String, pending: Bool?, by user: String, at time: Double, in database: Database
  ) throws -> Grant {
    if let until = terms.until, until <= time {
      throw ArchiveError("the grant would have ended before it began: --until is past")
    }
    if let from = terms.from, let until = terms.until, until <= from {
      throw ArchiveError("the grant would end before it begins: --until is not after --from")
    }
    guard !terms.rights.isEmpty || terms.effect == .limits else {
      throw ArchiveError("a grant without a right opens nothing")
    }
    guard let principal = try PrincipalTable.id(of: grantee, in: database) else {
      throw ArchiveError(
        "there is no peer, user or group '\(grantee)': see collimator peer list and collimator user list")
    }
    try NamedTarget(terms.scope, in: database).require()
    if terms.effect == .limits, try PrincipalTable.kind(of: grantee, in: database) != "peer" {
      throw ArchiveError("a ceiling is a peer's: '\(grantee)' is none")
    }
    try OwnStanding.require(of: terms, to: (principal, grantee), in: database)
    let bounded = try ConsentBasis.bounded(terms, to: (principal, grantee), at: time, in: database)
    return try GrantTable.insert(
      to: (principal, grantee), bounded, pending: pending ?? terms.relationship?.needsVerification ?? false, by: user,
      at: time, in: database)
  }

  package func grants() async throws -> [Grant] {
    let time = now()
    return try await database.read { database in try GrantTable.all(at: time, in: database) }
  }

  package func revokeGrant(_ number: Int, reason: String? = nil) async throws {
    _ = try await change(number, .revoke, reason)
  }

  package func approveGrant(_ number: Int, reason: String? = nil) async throws -> Grant {
    try await change(number, .approve, reason)
  }

  package func suspendGrant(_ number: Int, reason: String? = nil) async throws -> Grant {
    try await change(number, .suspend, reason)
  }

  package func resumeGrant(_ number: Int, reason: String? = nil) async throws -> Grant {
    try await change(number, .resume, reason)
  }

  /// nil: without an end.
  package func extendGrant(_ number: Int, until: Double?, reason: String? = nil) async throws -> Grant {
    try await change(number, .extend(until: until), reason)
  }

  private func change(_ number: Int, _ change: GrantTable.Change, _ reason: String?) async throws -> Grant {
    let time = now()
    return try await database.write { database in
      let before = try GrantTable.grant(number, at: time, in: database)
      let grant = try GrantTable.change(number, change, reason: reason, by: user.name, at: time, in: database)
      let endsEmergency = grant.terms.relationship == .emergency && grant.state == .revoked
      let more = (before.map { grant.words(before: $0) } ?? "") + (reason.map { "; because: \($0)" } ?? "")
      try record(endsEmergency ? EmergencyAct.ended : "grant \(change.participle)", about: grant, more, in: database)
      return grant
    }
  }
}

extension Administration {
  package func record(_ draft: ConsentDraft) async throws -> Int {
    let time = now()
    if let until = draft.until, until <= time {
      throw ArchiveError("the consent would have ended already: --until is past")
    }
    if let from = draft.from, let until = draft.until, until <= from {
      throw ArchiveError("the consent would end before it begins: --until is not after --from")
    }
    return try await database.write { database in
      try NamedTarget(draft.scope, in: database).require()
      var party: Int64?
      if let name = draft.party {
        guard let id = try PrincipalTable.id(of: name, in: database) else {
          throw ArchiveError("there is no peer, user or group '\(name)'")
        }
        party = id
      }
      let number = try ConsentTable.insert(draft, party: party, by: user.name, at: time, in: database)
      try record("consent recorded", number, in: database)
      if draft.kind == .veto {
        try ShareReview(by: user.name, because: "veto \(number)", at: time, in: database).vetoed(party: party)
      }
      return number
    }
  }

  package func consents() async throws -> [Consent] {
    try await database.read { database in try ConsentTable.all(in: database) }
  }

  /// Returns how many grants ended with it.
  package func withdrawConsent(_ number: Int) async throws -> Int {
    let time = now()
    return try await database.write { database in
      let ended = try ConsentTable.withdraw(number, by: user.name, at: time, in: database)
      try record("consent withdrawn", number, "; \(ended) grants ended with it", in: database)
      return ended
    }
  }

  private func record(_ act: String, _ number: Int, _ more: String = "", in database: Database) throws {
    guard let consent = try ConsentTable.all(where: "number = ?", [number], in: database).first else { return }
    try record(act, consent.words + more, subjects: [AuditSubject](consent.scope), in: database)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Looks anew at what was shared whenever something changed on which the sharer's own right depends: a correction, a veto, a
/// membership, a ceiling, an arrival. What they may not see any more they do not go on showing. What ended so stays ended when
/// the change is taken back: it can be shared again. So it is with what somebody has by a patient's permission to a group of
/// theirs.
struct ShareReview {
  let user: String
  /// Whose deed it is; nil for the operator `user`.
  var actor: AuditActor?
  let reason: String
  let time: Double
  let database: Database

  init(by user: String, actor: AuditActor? = nil, because reason: String, at time: Double, in database: Database) {
    self.user = user
    self.actor = actor
    self.reason = reason
    self.time = time
    self.database = database
  }

  /// Of the shares that meet a condition; those that have ended already open nothing, and are looked at when they are extended.
  func perform(where condition: String = "1", _ arguments: StatementArguments = StatementArguments()) throws {
    try bound(where: "shared_from IS NOT NULL AND (\(condition))", arguments) { share in
      try SharingRight.end(of: share, at: time, in: database)
    }
  }

  /// Somebody belongs to a group, or no longer.
  func belongs(_ member: Int64) throws {
    let permissions = "SELECT number FROM consent WHERE kind = 'permission' AND against NOT IN (0, ?)"
    try bound(where: "principal = ? AND consent IN (\(permissions))", [member, member]) { grant in
      guard let consent = grant.terms.basis.consent else { return .infinity }
      return try ConsentBasis.partyEnd(of: consent, for: member, at: time, in: database)
    }
    try perform(where: "shared_by = ?", [member])
  }

  /// Of everybody who has something by a permission.
  func belongToGroups() throws {
    let members = try Int64.fetchAll(
      database,
      sql: """
        SELECT DISTINCT principal FROM access_grant JOIN consent ON consent.number = access_grant.consent
        WHERE consent.kind = 'permission' AND access_grant.state <> 'revoked'
        """)
    for member in members { try belongs(member) }
  }

  private func bound(
    where condition: String, _ arguments: StatementArguments, to end: (Grant) throws -> Double
  ) throws {
    let grants = try GrantTable.all(
      at: time, where: "state <> 'revoked' AND \(condition)", arguments, in: database)
    var ended: [Int64] = []
    for grant in grants where grant.state != .expired {
      let end = try end(grant)
      guard end > time else {
        ended.append(Int64(grant.number))
        continue
      }
      // It may have been shortened just now, with the one that it rests on.
      if end < grant.until ?? .infinity, try outlasts(grant, end) { try shorten(grant, to: end) }
    }
    guard !ended.isEmpty else { return }
    try GrantTable.revoke(
      where: "number IN (SELECT value FROM json_each(?))", [IndexTables.json(ended)], because: reason, by: user,
      actor: actor, at: time, in: database)
  }

  private func outlasts(_ share: Grant, _ end: Double) throws -> Bool {
    try Bool.fetchOne(
      database.cachedStatement(
        sql: "SELECT coalesce(until, 1e18) > ? AND state <> 'revoked' FROM access_grant WHERE number = ?"),
      arguments: [end, share.number]) ?? false
  }

  private func shorten(_ share: Grant, to end: Double) throws {
    try database.execute(
      sql: "UPDATE access_grant SET until = ? WHERE number = ?", arguments: [end, share.number])
    try GrantTable.note(share.number, until: end, by: user, at: time, reason, in: database)
    try GrantTable.record(
      "grants shortened", [share.number], because: "\(reason), until \(Moment.text(end))", by: actor ?? .operator(user),
      at: time, in: database)
    try GrantTable.follow(.extend(until: end), of: share.number, by: user, at: time, in: database)
  }
}

extension ShareReview {
  /// A study or series came that was not here under this patient: what is shared by its UID may be two persons' now, and a
  /// veto that names it may be on a patient who is shared. `study` is nil where the study was here.
  func arrived(study: String?, series: String) throws {
    let isNamed = try Bool.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM consent WHERE kind = 'veto' AND withdrawn_at IS NULL AND study_uid = :study)
            OR EXISTS (SELECT 1 FROM consent WHERE kind = 'veto' AND withdrawn_at IS NULL AND series_uid = :series)
            OR EXISTS (SELECT 1 FROM access_grant
              WHERE study_uid = :study AND shared_from IS NOT NULL AND state <> 'revoked')
            OR EXISTS (SELECT 1 FROM access_grant
              WHERE series_uid = :series AND shared_from IS NOT NULL AND state <> 'revoked')
          """), arguments: ["study": study, "series": series])
    if isNamed == true { try moved(studies: study.map { [$0] } ?? [], series: [series]) }
  }

  /// These are somebody else's now, or of more than one: what is shared by their UIDs, and what those share against whom a
  /// veto names them.
  func moved(studies: [String], series: [String] = []) throws {
    try perform(
      where: """
        study_uid IN (SELECT value FROM json_each(:studies)) OR series_uid IN (\(Self.series))
          OR shared_by IN (\(Self.parties("study_uid IN (SELECT value FROM json_each(:studies)) OR series_uid IN (\(Self.series))")))
        """, ["studies": QueryCompiler.json(studies), "series": QueryCompiler.json(series)])
  }

  /// A veto against somebody, or against a group: what they share.
  func vetoed(party: Int64?) throws {
    // One against everybody is against those with whom it is shared too.
    guard let party else { return }
    try perform(
      where: "shared_by IN (SELECT :party UNION SELECT member FROM membership WHERE \"group\" = :party)",
      ["party": party])
  }

  private static let series = """
    SELECT value FROM json_each(:series) UNION SELECT v_0020000e FROM series
      WHERE received_study IN (SELECT id FROM study WHERE v_0020000d IN (SELECT value FROM json_each(:studies)))
    """

  /// Against whom a veto is that meets the condition, and who is in a group of which one is.
  private static func parties(_ condition: String) -> String {
    let against = "SELECT against FROM consent WHERE kind = 'veto' AND withdrawn_at IS NULL AND (\(condition))"
    return "\(against) UNION SELECT member FROM membership WHERE \"group\" IN (\(against))"
  }
}

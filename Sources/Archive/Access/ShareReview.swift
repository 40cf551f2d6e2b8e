// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Looks anew at what was shared whenever something changed on which the sharer's own right depends: a correction, a veto, a
/// membership, a ceiling, an arrival. What they may not see any more they do not go on showing. What ended so stays ended when
/// the change is taken back: it can be shared again.
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
    let shares = try GrantTable.all(
      at: time, where: "shared_from IS NOT NULL AND state <> 'revoked' AND (\(condition))", arguments, in: database)
    var ended: [Int64] = []
    for share in shares where share.state != .expired {
      let end = try SharingRight.end(of: share, at: time, in: database)
      guard end > time else {
        ended.append(Int64(share.number))
        continue
      }
      if end < share.until ?? .infinity { try shorten(share, to: end) }
    }
    guard !ended.isEmpty else { return }
    try GrantTable.revoke(
      where: "number IN (SELECT value FROM json_each(?))", [IndexTables.json(ended)], because: reason, by: user,
      actor: actor, at: time, in: database)
  }

  private func shorten(_ share: Grant, to end: Double) throws {
    try database.execute(
      sql: "UPDATE access_grant SET until = ? WHERE number = ?", arguments: [end, share.number])
    try GrantTable.note(share.number, until: end, by: user, at: time, reason, in: database)
    try GrantTable.record(
      "grants shortened", [share.number], because: reason, by: actor ?? .operator(user), at: time, in: database)
    try GrantTable.follow(.extend(until: end), of: share.number, by: user, at: time, in: database)
  }
}

extension ShareReview {
  /// A study or series came that was not here under this patient: what is shared by its UID may be two persons' now, and a
  /// veto that names it may be on a patient who is shared. `study` is nil where the study was here.
  func arrived(study: String?, series: String) throws {
    let isForbidden = try Bool.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM consent WHERE kind = 'veto' AND withdrawn_at IS NULL AND study_uid = ?)
            OR EXISTS (SELECT 1 FROM consent WHERE kind = 'veto' AND withdrawn_at IS NULL AND series_uid = ?)
          """), arguments: [study, series])
    if isForbidden == true { return try perform() }
    let isShared = try Bool.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM access_grant WHERE study_uid = ? AND shared_from IS NOT NULL AND state <> 'revoked')
            OR EXISTS (SELECT 1 FROM access_grant WHERE series_uid = ? AND shared_from IS NOT NULL AND state <> 'revoked')
          """), arguments: [study, series])
    if isShared == true { try perform(where: "study_uid = ? OR series_uid = ?", [study, series]) }
  }
}

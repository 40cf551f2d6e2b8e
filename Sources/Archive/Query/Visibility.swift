// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The one predicate that stands between a caller and every row: the study is opened to the caller, or to a group of theirs,
/// by a grant that holds at this moment. It is part of each statement, so a revocation is seen at once; so is that the peer
/// was removed or the user locked.
struct Visibility: Sendable {
  let caller: Caller
  let now: Double

  /// To stand before a SELECT; defines `active_grant`.
  static let preamble = """
    WITH caller (id) AS (
      SELECT principal.id FROM principal LEFT JOIN user ON user.principal = principal.id
      WHERE principal.id = ? AND user.locked_at IS NULL AND EXISTS (SELECT 1 FROM peer WHERE peer.principal = ?)
    ), holder (id) AS (
      SELECT id FROM caller UNION SELECT "group" FROM membership JOIN caller ON member = caller.id
    ), active_grant AS (
      SELECT scope, patient_id, issuer, study_uid FROM access_grant
      WHERE principal IN (SELECT id FROM holder) AND state = 'active' AND (until IS NULL OR until > ?)
    )
    """

  /// Of a `study` and its `patient`. A patient without an ID is nobody that a grant could name (sole_study is set).
  static let condition = """
    (EXISTS (SELECT 1 FROM active_grant WHERE scope = 'everything')
      OR EXISTS (SELECT 1 FROM active_grant AS g WHERE g.scope = 'patient' AND patient.sole_study = ''
        AND g.patient_id = patient.patient_id AND g.issuer = patient.issuer)
      OR EXISTS (SELECT 1 FROM active_grant AS g WHERE g.scope = 'study' AND g.study_uid = study.v_0020000d))
    """

  var arguments: [DatabaseValue] {
    [caller.principal.databaseValue, caller.peer.databaseValue, now.databaseValue]
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

extension RestoreCarrying {
  /// What takes more than a statement; `needs`: what it reads of the old index.
  static let steps: [(name: String, needs: String, carry: @Sendable (Database) throws -> Void)] = [
    (
      "addresses and demands of peers",
      "SELECT principal, demand FROM old.peer; SELECT principal, network FROM old.peer_address", { try bound($0) }
    ),
    ("places of corrected studies", "", { try place($0) }),
  ]

  /// From where a peer is let in: only from where both say. One that demands no address is let in from anywhere.
  private static func bound(_ database: Database) throws {
    for row in try Row.fetchAll(
      database, sql: "SELECT principal, peer.demand, o.demand FROM main.peer JOIN old.peer AS o USING (principal)")
    {
      let principal: Int64 = row[0]
      let rungs = [row[1] as String, row[2] as String].map { IdentityAssurance(rawValue: $0) ?? .certificate }
      let networks: [[Network]] = try ["main", "old"].map { schema in
        try String.fetchAll(
          database, sql: "SELECT network FROM \(schema).peer_address WHERE principal = ?", arguments: [principal]
        ).compactMap { Network($0) }
      }
      // Where both demand none, addresses only say where to send to.
      let kept = Self.meeting(
        rungs[0] == .aeTitleAlone && rungs[1] != .aeTitleAlone ? nil : networks[0],
        rungs[1] == .aeTitleAlone && rungs[0] != .aeTitleAlone ? nil : networks[1])
      try database.execute(
        sql: "UPDATE main.peer SET demand = ? WHERE principal = ?",
        arguments: [max(rungs[0], rungs[1]).rawValue, principal])
      try database.execute(sql: "DELETE FROM main.peer_address WHERE principal = ?", arguments: [principal])
      for network in kept {
        try database.execute(
          sql: "INSERT INTO main.peer_address (principal, network) VALUES (?, ?)",
          arguments: [principal, network.description])
      }
    }
  }

  /// nil is anywhere.
  private static func meeting(_ one: [Network]?, _ other: [Network]?) -> Set<Network> {
    guard let one, let other else { return Set(one ?? other ?? []) }
    return Set(one.filter { mine in other.contains { $0.contains(mine) } })
      .union(other.filter { theirs in one.contains { $0.contains(theirs) } })
  }

  /// All that a correction moved or moves, as it would be placed now.
  private static func place(_ database: Database) throws {
    let layout = IndexLayout(further: try FurtherKeyTable.settled(nil, in: database))
    try IndexColumns.complete(layout, in: database)
    let studies = try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT v_0020000d FROM main.study JOIN main.patient ON patient.id = received_patient
        WHERE received_demographics IS NOT NULL OR EXISTS (SELECT 1 FROM main.correction AS c
          WHERE c.from_patient_id = patient_id AND c.from_issuer = patient.issuer AND c.from_sole_study = sole_study)
        """)
    for study in studies { try Placement(layout: layout, in: database).place(study: study) }
  }

  /// What was added or widened since: nothing is opened to anybody by a restore, so it has to be given again.
  static let additions: [(kind: String, sql: String)] = [
    ("peers, users and groups", "SELECT COUNT(*) FROM old.principal WHERE id NOT IN (\(still))"),
    (
      "memberships",
      """
      SELECT COUNT(*) FROM old.membership AS o WHERE coalesce(until, 1e18) > unixepoch() AND NOT EXISTS (
        SELECT 1 FROM main.membership AS m WHERE m.number = o.number)
      """
    ),
    (
      "grants",
      """
      SELECT COUNT(*) FROM old.access_grant AS o WHERE state <> 'revoked' AND NOT EXISTS (
        SELECT 1 FROM main.access_grant AS m WHERE m.number = o.number AND m.granted_at = o.granted_at)
      """
    ),
    (
      "grants that were approved, resumed or extended",
      """
      SELECT COUNT(*) FROM old.access_grant AS o JOIN main.access_grant AS m
        ON m.number = o.number AND m.granted_at = o.granted_at
      WHERE m.state <> 'revoked' AND (o.state <> m.state OR coalesce(o.until, 1e18) > coalesce(m.until, 1e18))
      """
    ),
    (
      "consents other than vetoes, and withdrawals of vetoes",
      """
      SELECT COUNT(*) FROM old.consent AS o LEFT JOIN main.consent AS m
        ON m.number = o.number AND m.recorded_at = o.recorded_at
      WHERE CASE WHEN m.number IS NULL THEN o.kind <> 'veto' AND o.withdrawn_at IS NULL
        ELSE o.kind = 'veto' AND o.withdrawn_at IS NOT NULL AND m.withdrawn_at IS NULL END
      """
    ),
    (
      "addresses of peers",
      """
      SELECT COUNT(*) FROM old.peer_address AS o WHERE principal IN (SELECT principal FROM main.peer) AND NOT EXISTS (
        SELECT 1 FROM main.peer_address AS m WHERE m.principal = o.principal AND m.network = o.network)
      """
    ),
    (
      "rights of peers",
      """
      SELECT COUNT(*) FROM old.peer AS o JOIN main.peer AS m USING (principal) WHERE (o.rights & ~m.rights) <> 0
      """
    ),
    (
      "roles of users",
      """
      SELECT COUNT(*) FROM old.user_role AS o WHERE user IN (SELECT principal FROM main.user) AND NOT EXISTS (
        SELECT 1 FROM main.user_role AS m WHERE m.user = o.user AND m.role = o.role)
      """
    ),
    (
      "certificates of users",
      "SELECT COUNT(*) FROM old.user_certificate WHERE fingerprint NOT IN (SELECT fingerprint FROM main.user_certificate)"
    ),
    (
      "issuers of tokens",
      "SELECT COUNT(*) FROM old.token_issuer WHERE issuer NOT IN (SELECT issuer FROM main.token_issuer)"
    ),
    (
      "attributes of principals",
      """
      SELECT COUNT(*) FROM old.principal_attribute AS o WHERE principal IN (SELECT id FROM main.principal)
        AND NOT EXISTS (SELECT 1 FROM main.principal_attribute AS m WHERE m.principal = o.principal AND m.name = o.name)
      """
    ),
    (
      "referral rules",
      "SELECT COUNT(*) FROM old.referral_rule WHERE name NOT IN (SELECT name FROM main.referral_rule)"
    ),
    (
      "codes that are open",
      """
      SELECT COUNT(*) FROM old.access_code WHERE redeemed_at IS NULL AND until > unixepoch()
        AND number NOT IN (SELECT number FROM main.access_code)
      """
    ),
    (
      "forwarding rules",
      "SELECT COUNT(*) FROM old.forwarding_rule WHERE number NOT IN (SELECT number FROM main.forwarding_rule)"
    ),
    (
      "objects that wait to be sent on",
      "SELECT COUNT(*) FROM old.forwarding WHERE number NOT IN (SELECT number FROM main.forwarding)"
    ),
    (
      "storage commitment requests without an answer",
      """
      SELECT COUNT(*) FROM old.commitment WHERE next_attempt IS NOT NULL
        AND number NOT IN (SELECT number FROM main.commitment)
      """
    ),
  ]

  /// Where a grant's history does not end with what its row says now, it goes on with that.
  static func noteTakenOver(by user: String, at time: Double, in database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO grant_event (grant_number, at, made_by, state, until, reason)
        SELECT g.number, max(coalesce(revoked_at, :time), last.at), coalesce(revoked_by, :user), g.state,
          CASE g.state WHEN 'revoked' THEN NULL ELSE g.until END, 'taken over by a restore'
        FROM access_grant AS g JOIN grant_event AS last ON last.number = (
          SELECT MAX(number) FROM grant_event WHERE grant_number = g.number)
        WHERE last.state <> g.state OR (g.state <> 'revoked' AND last.until IS NOT g.until)
        """, arguments: ["time": time, "user": user])
  }
}

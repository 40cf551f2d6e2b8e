// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Takes over into a restored database what the one that it replaces knows and must not be forgotten.
struct RestoreCarrying {
  private let old: String

  struct Outcome {
    /// Whether the old database is what became of the restored one. In one that was begun anew, is an older one or another
    /// archive's, what is not there was not taken away.
    let continues: Bool
    /// The tables of which something could be taken over; one that cannot be read does not keep the others from it.
    let tables: [String]
  }

  init(from old: String) {
    self.old = old
  }

  func perform(into copy: DatabaseQueue) throws -> Outcome {
    try copy.writeWithoutTransaction { database in
      try database.execute(sql: "ATTACH DATABASE ? AS old", arguments: [old])
      defer { try? database.execute(sql: "DETACH DATABASE old") }
      let continues = try Self.continues(in: database)
      let statements = Self.statements.filter { continues || Self.namedByChance.contains($0.0) }
      let tables = try statements.filter { _, sql in
        do {
          try database.inTransaction {
            try database.execute(sql: sql)
            return .commit
          }
          return true
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
          // A table or column that an earlier version did not have.
          return false
        }
      }.map(\.0)
      return Outcome(continues: continues, tables: tables)
    }
  }

  private static func continues(in database: Database) throws -> Bool {
    do {
      let head = try AuditTable.head(in: database)
      if let verdict = try AuditLineage.continues(head, in: "old", database) { return verdict }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
      // An earlier version had no audit.
    }
    return try Bool.fetchOne(
      database, sql: "SELECT NOT EXISTS (SELECT 1 FROM main.principal) OR EXISTS (\(still))") ?? false
  }

  /// What is taken over from any index: it is told by keys and moments that no other archive has, and only adds what takes
  /// away.
  private static let namedByChance: Set<String> = ["deletion", "tombstone", "access_grant", "legal_hold"]

  /// Only what takes away is taken over: nothing is opened to anybody that the backup had closed.
  private static let statements = [
    (
      "deletion",
      """
      INSERT INTO main.deletion (number, level, reason, deleted_by, deleted_at, instances, bytes, keeps_out)
      SELECT CASE WHEN EXISTS (SELECT 1 FROM main.deletion AS m WHERE m.number = o.number) THEN NULL ELSE o.number END,
        level, reason, deleted_by, deleted_at, instances, bytes, keeps_out FROM old.deletion AS o
      WHERE NOT EXISTS (SELECT 1 FROM main.deletion AS m WHERE m.number = o.number AND m.deleted_at = o.deleted_at)
      """
    ),
    (
      "tombstone",
      """
      INSERT OR REPLACE INTO main.tombstone (object, deletion, sop_instance_uid, digest, is_removed)
      SELECT object, COALESCE((SELECT m.number FROM old.deletion AS o JOIN main.deletion AS m
          ON m.deleted_at = o.deleted_at AND m.reason = o.reason AND m.instances = o.instances
        WHERE o.number = t.deletion ORDER BY m.number = o.number DESC LIMIT 1), deletion), sop_instance_uid, digest, 0
      FROM old.tombstone AS t
      """
    ),
    (
      "who knew of what was deleted",
      """
      UPDATE main.tombstone SET (study_uid, senders) =
        (SELECT o.study_uid, o.senders FROM old.tombstone AS o WHERE o.object = tombstone.object)
      WHERE object IN (SELECT object FROM old.tombstone)
      """
    ),
    (
      "access_grant",
      """
      UPDATE main.access_grant SET (state, revoked_by, revoked_at) =
        (SELECT 'revoked', o.revoked_by, o.revoked_at FROM old.access_grant AS o WHERE o.number = access_grant.number)
      WHERE revoked_at IS NULL AND EXISTS (SELECT 1 FROM old.access_grant AS o WHERE o.number = access_grant.number
        AND o.granted_at = access_grant.granted_at AND o.revoked_at IS NOT NULL)
      """
    ),
    (
      "principal",
      """
      DELETE FROM main.membership WHERE NOT EXISTS (SELECT 1 FROM old.membership AS o
        WHERE o.member = membership.member AND o."group" = membership."group");
      UPDATE main.peer SET rights = rights & COALESCE((SELECT o.rights FROM old.peer AS o
        WHERE o.principal = peer.principal), 0);
      DELETE FROM main.peer_address WHERE principal NOT IN (\(still));
      DELETE FROM main.peer WHERE principal NOT IN (\(still));
      DELETE FROM main.user_certificate WHERE user NOT IN (\(still));
      DELETE FROM main.user WHERE principal NOT IN (\(still));
      DELETE FROM main.membership WHERE member NOT IN (\(still)) OR "group" NOT IN (\(still));
      UPDATE main.access_grant SET principal = NULL WHERE principal NOT IN (\(still));
      DELETE FROM main.principal WHERE id NOT IN (\(still));
      """
    ),
    // A grant that was suspended, is not approved any more or ends earlier, a membership that ended, a patient's veto.
    (
      "grant state",
      """
      UPDATE main.access_grant SET state =
        (SELECT o.state FROM old.access_grant AS o WHERE o.number = access_grant.number)
      WHERE state = 'active' AND EXISTS (SELECT 1 FROM old.access_grant AS o WHERE o.number = access_grant.number
        AND o.granted_at = access_grant.granted_at AND o.state IN ('suspended', 'pending'));
      UPDATE main.access_grant SET until =
        (SELECT o.until FROM old.access_grant AS o WHERE o.number = access_grant.number)
      WHERE EXISTS (SELECT 1 FROM old.access_grant AS o WHERE o.number = access_grant.number
        AND o.granted_at = access_grant.granted_at AND o.until < coalesce(access_grant.until, 1e18));
      UPDATE main.membership SET until = (SELECT o.until FROM old.membership AS o WHERE o.number = membership.number)
      WHERE EXISTS (SELECT 1 FROM old.membership AS o WHERE o.number = membership.number AND o.member = membership.member
        AND o."group" = membership."group" AND o.until < coalesce(membership.until, 1e18));
      """
    ),
    (
      "consent",
      """
      INSERT INTO main.consent (number, \(consent))
      SELECT CASE WHEN EXISTS (SELECT 1 FROM main.consent AS m WHERE m.number = o.number) THEN NULL ELSE o.number END,
        \(consent) FROM old.consent AS o
      WHERE kind = 'veto' AND withdrawn_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM main.consent AS m WHERE m.number = o.number AND m.recorded_at = o.recorded_at);
      UPDATE main.consent SET (withdrawn_by, withdrawn_at) =
        (SELECT o.withdrawn_by, o.withdrawn_at FROM old.consent AS o WHERE o.number = consent.number)
      WHERE kind <> 'veto' AND withdrawn_at IS NULL AND EXISTS (SELECT 1 FROM old.consent AS o
        WHERE o.number = consent.number AND o.recorded_at = consent.recorded_at AND o.withdrawn_at IS NOT NULL);
      """
    ),
    // A rule that was removed or is another one now, a code that was used, what was set for emergencies.
    (
      "rules and codes",
      """
      DELETE FROM main.referral_rule WHERE NOT EXISTS (SELECT 1 FROM old.referral_rule AS o
        WHERE o.name = referral_rule.name AND o.definition = referral_rule.definition);
      DELETE FROM main.access_code WHERE NOT EXISTS (SELECT 1 FROM old.access_code AS o
        WHERE o.number = access_code.number AND o.hash = access_code.hash AND o.redeemed_at IS NULL);
      DELETE FROM main.emergency_law WHERE NOT EXISTS (SELECT 1 FROM old.emergency_law WHERE overrides_vetoes = 1);
      """
    ),
    // A password that was changed, a certificate that was taken away and an issuer that is believed no more stay so.
    (
      "user",
      """
      UPDATE main.user SET (locked_by, locked_at) =
        (SELECT o.locked_by, o.locked_at FROM old.user AS o WHERE o.principal = user.principal)
      WHERE locked_at IS NULL AND principal IN (SELECT principal FROM old.user WHERE locked_at IS NOT NULL);
      UPDATE main.user SET (salt, hash, rounds, block_size, parallelism) =
        (SELECT o.salt, o.hash, o.rounds, o.block_size, o.parallelism FROM old.user AS o
          WHERE o.principal = user.principal)
      WHERE principal IN (SELECT principal FROM old.user);
      DELETE FROM main.user_certificate WHERE NOT EXISTS (SELECT 1 FROM old.user_certificate AS o
        WHERE o.fingerprint = user_certificate.fingerprint AND o.user = user_certificate.user);
      DELETE FROM main.token_issuer WHERE NOT EXISTS (SELECT 1 FROM old.token_issuer AS o
        WHERE o.issuer = token_issuer.issuer AND o.audience = token_issuer.audience
          AND o.algorithms = token_issuer.algorithms AND o.key = token_issuer.key
          AND o.user_claim = token_issuer.user_claim);
      """
    ),
    (
      "legal_hold",
      """
      INSERT INTO main.legal_hold (number, \(hold))
      SELECT CASE WHEN EXISTS (SELECT 1 FROM main.legal_hold AS m WHERE m.number = o.number) THEN NULL ELSE o.number END,
        \(hold) FROM old.legal_hold AS o
      WHERE NOT EXISTS (SELECT 1 FROM main.legal_hold AS m WHERE m.number = o.number AND m.placed_at = o.placed_at);
      """
    ),
  ]

  /// An id may have been given to another since: whoever has the same name and kind too is the same.
  private static let still = """
    SELECT m.id FROM main.principal AS m JOIN old.principal AS o ON o.id = m.id AND o.name = m.name AND o.kind = m.kind
    """
  private static let consent = """
    kind, against, party, \(TargetColumns.names.joined(separator: ", ")), holds_in_emergency, since, until, reference,
      recorded_by, recorded_at, withdrawn_by, withdrawn_at
    """
  private static let hold =
    "patient_id, issuer, study_uid, reason, placed_by, placed_at, released_by, released_at, release_reason"

  /// What was deleted since the backup is deleted in it too; returns the objects.
  static func applyTombstones(in database: Database) throws -> [String] {
    let objects = try String.fetchAll(
      database, sql: "SELECT object FROM instance JOIN tombstone USING (object)"
    ).filter { ObjectKey(checking: $0) != nil }
    guard !objects.isEmpty else { return [] }
    let instances = try SelectionQuery.deleted(in: database)
    try database.execute(
      sql: """
        DELETE FROM difference WHERE instance IN (SELECT id FROM instance JOIN tombstone USING (object));
        DELETE FROM instance WHERE object IN (SELECT object FROM tombstone);
        DELETE FROM arrival WHERE object IN (SELECT object FROM tombstone);
        """)
    let places = Set(instances.compactMap(\.place))
    try IndexTables.prune(places, in: database)
    let layout = IndexLayout(further: try FurtherKeyTable.settled(nil, in: database))
    try IndexColumns.complete(layout, in: database)
    try Voices(layout.voices, in: database).succeed(in: places, layout: layout)
    return objects
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

extension RestoreCarrying {
  /// Only what takes away is taken over: nothing is opened to anybody that the backup had closed.
  static let statements = [
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
    // Suspended for itself since, or with another grant: which decides with what it is resumed.
    (
      "what a grant is suspended with",
      """
      UPDATE main.access_grant SET suspended_with =
        (SELECT o.suspended_with FROM old.access_grant AS o WHERE o.number = access_grant.number)
      WHERE state = 'suspended' AND EXISTS (SELECT 1 FROM old.access_grant AS o WHERE o.number = access_grant.number
        AND o.granted_at = access_grant.granted_at AND o.state = 'suspended');
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
    // Of a peer the stricter of both; how it is called, and what is assumed of it, as it was last.
    (
      "peer",
      """
      UPDATE main.peer SET (ae_title, has_odd_titles, port, issuer) = (SELECT o.ae_title, o.has_odd_titles, o.port, o.issuer
        FROM old.peer AS o WHERE o.principal = peer.principal) WHERE principal IN (SELECT principal FROM old.peer);
      UPDATE main.peer SET (accepts_private, requires_tls, allows_cleartext_passwords) = (
        SELECT min(peer.accepts_private, o.accepts_private), max(peer.requires_tls, o.requires_tls),
          min(peer.allows_cleartext_passwords, o.allows_cleartext_passwords)
        FROM old.peer AS o WHERE o.principal = peer.principal) WHERE principal IN (SELECT principal FROM old.peer);
      """
    ),
    (
      "peer profile",
      """
      UPDATE main.peer SET profile = (SELECT o.profile FROM old.peer AS o WHERE o.principal = peer.principal)
        WHERE principal IN (SELECT principal FROM old.peer);
      DELETE FROM main.query_profile WHERE principal IN (SELECT principal FROM old.peer);
      INSERT INTO main.query_profile (principal, most_answers, character_set)
        SELECT principal, most_answers, character_set FROM old.query_profile
        WHERE principal IN (SELECT principal FROM main.peer);
      """
    ),
    // What is sent on by itself: a rule that was removed, and what was sent or dropped since.
    (
      "forwarding",
      """
      DELETE FROM main.forwarding_rule WHERE NOT EXISTS (SELECT 1 FROM old.forwarding_rule AS o
        WHERE o.number = forwarding_rule.number AND o.added_at = forwarding_rule.added_at);
      DELETE FROM main.forwarding WHERE NOT EXISTS (SELECT 1 FROM old.forwarding AS o
        WHERE o.number = forwarding.number AND o.queued_at = forwarding.queued_at);
      DELETE FROM main.commitment WHERE NOT EXISTS (SELECT 1 FROM old.commitment AS o
        WHERE o.number = commitment.number AND o.requested_at = commitment.requested_at);
      """
    ),
    (
      "roles, attributes and links",
      """
      DELETE FROM main.user_role WHERE NOT EXISTS (SELECT 1 FROM old.user_role AS o
        WHERE o.user = user_role.user AND o.role = user_role.role);
      DELETE FROM main.principal_attribute WHERE NOT EXISTS (SELECT 1 FROM old.principal_attribute AS o
        WHERE o.principal = principal_attribute.principal AND o.name = principal_attribute.name);
      UPDATE main.principal_attribute SET value = (SELECT o.value FROM old.principal_attribute AS o
        WHERE o.principal = principal_attribute.principal AND o.name = principal_attribute.name);
      DELETE FROM main.patient_link WHERE NOT EXISTS (SELECT 1 FROM old.patient_link AS o
        WHERE o.user = patient_link.user AND o.patient_id = patient_link.patient_id AND o.issuer = patient_link.issuer
          AND o.relationship = patient_link.relationship AND o.linked_at = patient_link.linked_at);
      """
    ),
    (
      "lockouts",
      """
      UPDATE main.user SET (failed_logins, locked_until) =
        (SELECT o.failed_logins, o.locked_until FROM old.user AS o WHERE o.principal = user.principal)
      WHERE principal IN (SELECT principal FROM old.user);
      DELETE FROM main.code_attempt;
      INSERT INTO main.code_attempt (principal, failures, locked_until)
        SELECT principal, failures, locked_until FROM old.code_attempt
        WHERE principal IN (SELECT id FROM main.principal);
      """
    ),
    // Nothing of a principal who is not there any more: foreign keys do nothing while a database is restored.
    (
      "what was theirs",
      """
      DELETE FROM main.user_role WHERE user NOT IN (SELECT principal FROM main.user);
      DELETE FROM main.patient_link WHERE user NOT IN (SELECT principal FROM main.user);
      DELETE FROM main.principal_attribute WHERE principal NOT IN (SELECT id FROM main.principal);
      DELETE FROM main.code_attempt WHERE principal NOT IN (SELECT id FROM main.principal);
      DELETE FROM main.query_profile WHERE principal NOT IN (SELECT principal FROM main.peer);
      DELETE FROM main.forwarding_rule WHERE destination NOT IN (SELECT id FROM main.principal)
        OR sender NOT IN (SELECT id FROM main.principal);
      DELETE FROM main.forwarding WHERE destination NOT IN (SELECT id FROM main.principal);
      DELETE FROM main.commitment WHERE peer NOT IN (SELECT id FROM main.principal)
        OR principal NOT IN (SELECT id FROM main.principal);
      """
    ),
    // What may be deleted when: as it was said last.
    (
      "retention",
      """
      DELETE FROM main.retention_rule;
      INSERT INTO main.retention_rule (number, days, basis, modalities, added_by, added_at)
        SELECT number, days, basis, modalities, added_by, added_at FROM old.retention_rule;
      INSERT INTO main.last_access (study_uid, at) SELECT study_uid, at FROM old.last_access WHERE true
        ON CONFLICT (study_uid) DO UPDATE SET at = max(at, excluded.at);
      """
    ),
    (
      "conflict_choice",
      """
      INSERT INTO main.conflict_choice (number, sop_instance_uid, digest, reason, made_by, made_at, undone_by, undone_at)
        SELECT number, sop_instance_uid, digest, reason, made_by, made_at, undone_by, undone_at
        FROM old.conflict_choice AS o WHERE number NOT IN (SELECT number FROM main.conflict_choice);
      UPDATE main.conflict_choice SET (undone_by, undone_at) = (SELECT o.undone_by, o.undone_at
        FROM old.conflict_choice AS o WHERE o.number = conflict_choice.number)
      WHERE undone_at IS NULL AND number IN (SELECT number FROM old.conflict_choice WHERE undone_at IS NOT NULL);
      UPDATE main.instance SET preference = 0 WHERE preference <> 0;
      UPDATE main.instance SET preference = -1
      WHERE v_00080018 IN (SELECT sop_instance_uid FROM main.conflict_choice) AND digest = (
        SELECT c.digest FROM main.conflict_choice AS c WHERE c.sop_instance_uid = v_00080018 AND c.undone_at IS NULL
        ORDER BY c.number DESC LIMIT 1);
      """
    ),
    // Whose a study is decides to whom it is open. Undone or not; the studies are placed by what stands then.
    (
      "correction",
      """
      INSERT INTO main.correction (number, \(correction))
        SELECT number, \(correction) FROM old.correction WHERE number NOT IN (SELECT number FROM main.correction);
      UPDATE main.correction SET (undone_by, undone_at, undone_reason) = (SELECT o.undone_by, o.undone_at, o.undone_reason
        FROM old.correction AS o WHERE o.number = correction.number)
      WHERE undone_at IS NULL AND number IN (SELECT number FROM old.correction WHERE undone_at IS NOT NULL);
      """
    ),
  ]

  /// An id may have been given to another since: whoever has the same name and kind too is the same.
  static let still = """
    SELECT m.id FROM main.principal AS m JOIN old.principal AS o ON o.id = m.id AND o.name = m.name AND o.kind = m.kind
    """
  private static let consent = """
    kind, against, party, \(TargetColumns.names.joined(separator: ", ")), holds_in_emergency, since, until, reference,
      recorded_by, recorded_at, withdrawn_by, withdrawn_at
    """
  private static let hold =
    "patient_id, issuer, study_uid, reason, placed_by, placed_at, released_by, released_at, release_reason"
  private static let correction = """
    kind, study_uid, from_patient_id, from_issuer, from_sole_study, to_patient_id, to_issuer, demographics, reason, made_by,
      made_at, undone_by, undone_at, undone_reason
    """
}

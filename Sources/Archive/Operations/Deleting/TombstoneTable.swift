// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// What was deleted, by whom and why. A tombstone names the object that it stands for by its key, so that neither a reindex
/// nor a restored backup takes that very object for one that has to be kept; it has no patient data but UIDs.
enum TombstoneTable {
  static func insertDeletion(
    level: String, _ order: DeletionOrder, by user: String, at time: Double, instances: Int, bytes: Int,
    in database: Database
  ) throws -> Int {
    try database.execute(
      sql: """
        INSERT INTO deletion (level, reason, deleted_by, deleted_at, instances, bytes, keeps_out)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """, arguments: [level, order.reason, user, time, instances, bytes, order.keepsOut])
    return Int(database.lastInsertedRowID)
  }

  /// Before its arrival goes: who sent it knows that it was here.
  static func insert(_ instance: SelectedInstance, deletion: Int, in database: Database) throws {
    try database.cachedStatement(
      sql: """
        INSERT INTO tombstone (object, deletion, sop_instance_uid, digest, study_uid, senders)
        SELECT :object, :deletion, :uid, :digest, :study, json_group_array(id) FROM (
          SELECT principal AS id FROM arrival WHERE object = :object AND principal <> 0
          UNION SELECT principal.id FROM arrival JOIN repeated_arrival ON repeated_arrival.arrival = arrival.number
            JOIN principal ON principal.name = repeated_arrival.sender WHERE object = :object)
        """
    ).execute(
      arguments: [
        "object": instance.object.name, "deletion": deletion, "uid": instance.sopInstanceUID,
        "digest": Data(instance.digest), "study": instance.place?.studyInstanceUID ?? "",
      ])
    // Of files that were damaged and replaced some are in quarantine.
    try database.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO tombstone (object, deletion, sop_instance_uid, digest, study_uid, senders)
        SELECT replaced_object.object, deletion, sop_instance_uid, digest, study_uid, senders
        FROM replaced_object JOIN tombstone ON tombstone.object = ? WHERE arrival = ?
        """
    ).execute(arguments: [instance.object.name, instance.id])
  }

  /// Whether an operator said that no object of this SOP Instance UID is to come again into the study that it was deleted
  /// from. What is kept aside for its sender is as if that had never been, but for a sender who sent it before.
  static func keepsOut(_ record: InstanceRecord, aside: Int64, in database: Database) throws -> Bool {
    try Bool.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM tombstone JOIN deletion ON deletion.number = deletion
            WHERE sop_instance_uid = :uid AND keeps_out AND study_uid IN ('', :study)
              AND (:aside = 0 OR EXISTS (SELECT 1 FROM json_each(senders) WHERE value = :sender)))
          """),
      arguments: [
        "uid": record.sopInstanceUID, "study": record.hierarchy?.studyInstanceUID ?? "", "aside": aside,
        "sender": record.arrival.principal,
      ]) ?? false
  }

  /// Whether something is kept out of a study that this sender did not send.
  static func keepsOutOfStudy(_ study: String, unknownTo sender: Int64, in database: Database) throws -> Bool {
    try Bool.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT coalesce(max(NOT EXISTS (SELECT 1 FROM json_each(senders) WHERE value = :sender)), 0)
          FROM tombstone JOIN deletion ON deletion.number = deletion
          WHERE study_uid = :study AND study_uid <> '' AND keeps_out
          """), arguments: ["study": study, "sender": sender]) ?? false
  }

  /// Which studies it took something from.
  static func subjects(ofDeletion number: Int, in database: Database) throws -> [AuditSubject] {
    try String.fetchAll(
      database, sql: "SELECT DISTINCT study_uid FROM tombstone WHERE deletion = ? AND study_uid <> '' ORDER BY 1",
      arguments: [number]
    ).map { AuditSubject(patientID: "", issuer: "", studyInstanceUID: $0) }
  }

  /// Whether this very object was deleted.
  static func names(_ object: String, in database: Database) throws -> Bool {
    try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM tombstone WHERE object = ?)", arguments: [object]) ?? false
  }

  static func deletions(in database: Database) throws -> [DeletionListing] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT *, (SELECT COUNT(DISTINCT sop_instance_uid) FROM tombstone WHERE deletion = number
          AND EXISTS (SELECT 1 FROM instance WHERE v_00080018 = sop_instance_uid)) AS again
        FROM deletion ORDER BY number
        """
    ).map { row in
      DeletionListing(
        number: row["number"], level: row["level"], reason: row["reason"], deletedBy: row["deleted_by"],
        deletedAt: Moment.text(row["deleted_at"]), instances: row["instances"], bytes: row["bytes"],
        keepsOut: row["keeps_out"], arrivedAgain: row["again"])
    }
  }

  static func lift(_ number: Int, in database: Database) throws {
    try database.execute(
      sql: "UPDATE deletion SET keeps_out = 0 WHERE number = ? AND keeps_out = 1", arguments: [number])
    guard database.changesCount == 1 else {
      throw ArchiveError("there is no deletion \(number) that keeps anything out: see collimator deletion list")
    }
  }
}

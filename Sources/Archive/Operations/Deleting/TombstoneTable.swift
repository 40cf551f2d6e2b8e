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

  static func insert(_ instance: SelectedInstance, deletion: Int, in database: Database) throws {
    try database.cachedStatement(
      sql: "INSERT INTO tombstone (object, deletion, sop_instance_uid, digest) VALUES (?, ?, ?, ?)"
    ).execute(
      arguments: [instance.object.name, deletion, instance.sopInstanceUID, Data(instance.digest)])
  }

  /// Whether an operator said that no object of this SOP Instance UID is to come again.
  static func keepsOut(_ sopInstanceUID: String, in database: Database) throws -> Bool {
    try Bool.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM tombstone JOIN deletion ON deletion.number = deletion
            WHERE sop_instance_uid = ? AND keeps_out)
          """), arguments: [sopInstanceUID]) ?? false
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
        SELECT *, (SELECT COUNT(*) FROM tombstone WHERE deletion = number
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

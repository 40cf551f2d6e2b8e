// SPDX-License-Identifier: Apache-2.0

import Glibc
import GRDB

/// Takes an instance whose bytes are not what was received out of service, and back into it. Its row stays, flagged: the
/// same object may be sent again and takes its place.
struct Damage {
  let fault: StoredFile.Fault
  let store: ObjectStore
  let database: any DatabaseWriter

  var detail: String {
    switch fault {
    case .missing: "the file is gone"
    case .unreadable: "the file cannot be read"
    case .wrongSize: "the file has another size than was received; it is in quarantine now"
    case .wrongDigest: "the file has other bytes than were received; it is in quarantine now"
    case .wrongHead: "preamble or group 0002 are damaged"
    }
  }

  /// False when it was deleted in the meantime. The file goes first: a row that is still served while its file is away gives
  /// a failure, a file that is still there while its row is flagged would be found whole again by a start.
  func takeOutOfService(_ object: ObjectStore.Key, sopInstanceUID: String, at time: Double) throws -> Bool {
    guard try database.read({ try isIndexed(object, in: $0) }) else { return false }
    if fault != .missing {
      let quarantined = store.quarantinePath(of: object)
      guard rename(store.path(of: object), quarantined) == 0 || errno == ENOENT else {
        throw FileError("move", quarantined)
      }
      try ObjectStore.syncDirectory(store.quarantine)
      try ObjectStore.syncDirectory(store.shelf(of: object))
    }
    return try database.write { database in
      guard try isIndexed(object, in: database) else { return false }
      try database.execute(sql: "UPDATE instance SET is_missing = 1 WHERE object = ?", arguments: [object.name])
      try record(object, sopInstanceUID: sopInstanceUID, at: time, in: database)
      return true
    }
  }

  func record(_ object: ObjectStore.Key, sopInstanceUID: String, at time: Double, in database: Database) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO damage (object, sop_instance_uid, fault, found_at) VALUES (?, ?, ?, ?)",
      arguments: [object.name, sopInstanceUID, fault.rawValue, time])
  }

  func putBackInService(_ object: ObjectStore.Key) throws {
    try database.write { database in
      try database.execute(sql: "UPDATE instance SET is_missing = 0 WHERE object = ?", arguments: [object.name])
      try database.execute(sql: "DELETE FROM damage WHERE object = ?", arguments: [object.name])
    }
  }

  private func isIndexed(_ object: ObjectStore.Key, in database: Database) throws -> Bool {
    try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM instance WHERE object = ?)", arguments: [object.name]) ?? false
  }
}

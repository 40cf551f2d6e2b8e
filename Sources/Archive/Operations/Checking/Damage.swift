// SPDX-License-Identifier: Apache-2.0

import Glibc
import GRDB

/// Takes an instance whose bytes are not what was received out of service, and back into it. Its row stays, flagged: the
/// same object may be sent again and takes its place.
struct Damage {
  let fault: StoredFile.Fault
  let store: FileObjectStore
  let database: any DatabaseWriter

  var detail: String {
    switch fault {
    case .missing, .unreadable, .wrongHead: "the file \(fault.words)"
    case .wrongSize, .wrongDigest: "the file \(fault.words); it is in quarantine now"
    }
  }

  /// Whoever read the whole file and found it damaged has found out what `check` would: it is served no more. What cannot be
  /// read now, or is damaged before its data set alone, stays in service; so does what cannot be flagged now, for `check`.
  static func note(_ fault: StoredFile.Fault, of object: ObjectKey, _ operations: ArchiveOperations) {
    switch fault {
    case .unreadable, .wrongHead: return
    case .missing where !LostFiles.isGone(object, from: operations.store): return
    case .missing, .wrongSize, .wrongDigest:
      _ = try? Damage(fault: fault, store: operations.store, database: operations.database).takeOutOfService(object)
    }
  }

  /// False when it was deleted in the meantime. The file goes first: a row that is still served while its file is away gives
  /// a failure, a file that is still there while its row is flagged would be found whole again by a start.
  func takeOutOfService(_ object: ObjectKey) throws -> Bool {
    guard try database.read({ try isIndexed(object, in: $0) }) else { return false }
    if fault != .missing {
      let quarantined = store.quarantinePath(of: object)
      guard rename(store.path(of: object), quarantined) == 0 || errno == ENOENT else {
        throw FileError("move", quarantined)
      }
      try FileObjectStore.syncDirectory(store.quarantine)
      try FileObjectStore.syncDirectory(store.shelf(of: object))
    }
    return try database.write { database in
      guard try isIndexed(object, in: database) else { return false }
      // 1: the file is gone; 2: it is not what was received.
      try database.execute(
        sql: "UPDATE instance SET fault = ? WHERE object = ?", arguments: [fault == .missing ? 1 : 2, object.name])
      return true
    }
  }

  func putBackInService(_ object: ObjectKey) throws {
    try database.write { database in
      try database.execute(sql: "UPDATE instance SET fault = 0 WHERE object = ?", arguments: [object.name])
    }
  }

  private func isIndexed(_ object: ObjectKey, in database: Database) throws -> Bool {
    try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM instance WHERE object = ?)", arguments: [object.name]) ?? false
  }
}

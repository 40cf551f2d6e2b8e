// SPDX-License-Identifier: Apache-2.0

import Glibc
import GRDB

/// Removes the files of what was deleted. Doing it again does no harm; what it cannot remove it tries again next time.
struct Removal {
  let store: FileObjectStore
  let database: any DatabaseWriter

  private static let pageSize = 256

  /// False where something is left to do, for the next start at the latest.
  @discardableResult
  func perform() throws -> Bool {
    let newest = try database.read { database in
      try Int.fetchOne(database, sql: "SELECT MAX(deletion) FROM tombstone WHERE is_removed = 0")
    }
    guard let newest else { return true }
    let isQuarantineFree = try QuarantinedFiles(of: store).remove(deletedUpTo: newest, in: database)
    // Their bytes may stand in the arrivals log too; what comes into it from now on was not deleted by these.
    let isForgotten = try store.arrivals.forget()
    return try remove(upTo: newest, isForgotten: isForgotten && isQuarantineFree) && isForgotten && isQuarantineFree
  }

  private func remove(upTo deletion: Int, isForgotten: Bool) throws -> Bool {
    var last = ""
    var isComplete = true
    while true {
      let names = try database.read { database in
        try String.fetchAll(
          database,
          sql: """
            SELECT object FROM tombstone WHERE is_removed = 0 AND deletion <= ? AND object > ? ORDER BY object
            LIMIT \(Self.pageSize)
            """, arguments: [deletion, last])
      }
      guard let end = names.last else { return isComplete }
      let gone = names.filter { remove(ObjectKey(name: $0)) }
      // A file that came back in a power cut after its tombstone said it was gone would never be looked for again.
      for shelf in Set(gone.map { store.shelf(of: ObjectKey(name: $0)) }) { try FileObjectStore.syncDirectory(shelf) }
      isComplete = isComplete && gone.count == names.count
      if !gone.isEmpty, isForgotten {
        try database.write { database in
          for name in gone {
            try database.cachedStatement(sql: "UPDATE tombstone SET is_removed = 1 WHERE object = ?")
              .execute(arguments: [name])
          }
        }
      }
      last = end
    }
  }

  /// Whether nothing is left of it.
  private func remove(_ key: ObjectKey) -> Bool {
    let thumbnail = ThumbnailFiles(directory: store.directory).path(of: key)
    return [store.path(of: key), store.quarantinePath(of: key), store.incomingPath(of: key), thumbnail].allSatisfy {
      (path: String) in unlink(path) == 0 || errno == ENOENT
    }
  }
}

extension FileObjectStore {
  func quarantinePath(of key: ObjectKey) -> String { "\(quarantine)/\(key.name).dcm" }
}

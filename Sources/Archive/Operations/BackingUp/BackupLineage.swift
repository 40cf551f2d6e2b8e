// SPDX-License-Identifier: Apache-2.0

import GRDB
import Glibc

/// Keeps the backups of two archives apart: those of an empty directory, made because a disk was not mounted, would push
/// out the ones that are needed.
struct BackupLineage {
  private let database: any DatabaseReader

  init(of database: any DatabaseReader) {
    self.database = database
  }

  /// Throws where backups are in the folder and this archive became of none of them.
  func requireNoOther(in folder: BackupFolder) throws {
    guard access(folder.backups, F_OK) == 0 else { return }
    var isAnother = false
    for name in try folder.names().reversed() {
      switch try continues(folder.index(of: name)) {
      case true: return
      case false: isAnother = true
      case nil: continue
      }
    }
    guard !isAnother else {
      throw ArchiveError(
        "'\(folder.folder.path)' holds backups of another archive, or of this one before its index was lost: back up to "
          + "another folder, or restore (is the data directory the right one, and its disk mounted?)")
    }
  }

  /// nil where it cannot be told; a backup that cannot be read says nothing.
  private func continues(_ path: String) throws -> Bool? {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    let head: (number: Int64, hash: [UInt8])
    do {
      let copy = try DatabaseQueue(path: path, configuration: configuration)
      head = try copy.read { try AuditTable.head(in: $0) }
      try copy.close()
    } catch is DatabaseError { return nil }
    return try database.read { try AuditLineage.continues(head, in: "main", $0) }
  }
}

// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import DICOMData
import Glibc
import GRDB

/// Files that are not what was received, or no objects: kept, and never served.
struct QuarantinedFiles {
  private let store: FileObjectStore
  /// More than any head that this node writes takes.
  private static let headRoom = 1 << 16

  init(of store: FileObjectStore) {
    self.store = store
  }

  func extent() throws -> (files: Int, bytes: Int) {
    try FileObjectStore.names(in: store.quarantine).reduce(into: (0, 0)) { extent, name in
      var status = stat()
      guard lstat("\(store.quarantine)/\(name)", &status) == 0 else { return }
      extent.files += 1
      extent.bytes += Int(status.st_size)
    }
  }

  /// Those of objects that were deleted and are not removed yet, as their own heads say: an earlier version did not remember
  /// whose file was replaced. What is left of an object of which any version is here stays. False where one is left that
  /// should go.
  func remove(deletedUpTo deletion: Int, in database: any DatabaseReader) throws -> Bool {
    var isComplete = true
    for name in try FileObjectStore.names(in: store.quarantine) {
      let path = "\(store.quarantine)/\(name)"
      guard let uid = Self.sopInstanceUID(of: path),
        try database.read({ try Self.isDeleted(uid, upTo: deletion, in: $0) })
      else { continue }
      isComplete = unlink(path) == 0 && isComplete
    }
    return isComplete
  }

  private static func isDeleted(_ uid: String, upTo deletion: Int, in database: Database) throws -> Bool {
    try Bool.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM tombstone WHERE sop_instance_uid = :uid AND deletion <= :deletion AND is_removed = 0)
            AND NOT EXISTS (SELECT 1 FROM instance WHERE v_00080018 = :uid)
          """), arguments: ["uid": uid, "deletion": deletion]) ?? false
  }

  /// nil where the head is damaged, or it is no such file.
  private static func sopInstanceUID(of path: String) -> String? {
    var room = [UInt8](repeating: 0, count: headRoom)
    guard let file = try? OpenFile(reading: path), let count = try? file.read(into: &room, at: 0),
      let head = try? Part10Head(reading: Array(room.prefix(count))), let uid = head.meta.mediaStorageSOPInstanceUID
    else { return nil }
    return MatchingForm.storable(uid.trimmed)
  }
}

// SPDX-License-Identifier: Apache-2.0

import CoreFoundation
import GRDB
import Glibc

/// Notes that a file is gone which somebody wanted to read: from the next question on, its object is not available, as after a
/// check. The same object may be sent again and takes its place.
struct LostFiles: Sendable {
  let store: FileObjectStore
  let database: DatabasePool

  /// Where its folder is gone too, a disk may not be mounted: nothing is known then of any file.
  static func isGone(_ key: ObjectKey, from store: FileObjectStore) -> Bool {
    access(store.shelf(of: key), F_OK) == 0 && access(store.path(of: key), F_OK) != 0 && errno == ENOENT
  }

  func note(_ key: ObjectKey) {
    guard Self.isGone(key, from: store) else { return }
    database.asyncWrite(
      { try $0.execute(sql: "UPDATE instance SET fault = 1 WHERE object = ? AND fault = 0", arguments: [key.name]) },
      completion: { _, _ in })
  }
}

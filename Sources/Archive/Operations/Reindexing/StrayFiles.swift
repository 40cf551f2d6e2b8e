// SPDX-License-Identifier: Apache-2.0

import GRDB
import Glibc

/// Files that the index does not know and nobody deleted: taken in as a start after a crash would take them.
struct StrayFiles {
  private let operations: ArchiveOperations

  init(of operations: ArchiveOperations) {
    self.operations = operations
  }

  /// Those whose head says that their data set is another than it is go to quarantine.
  func takeIn() throws -> (indexed: Int, quarantined: Int) {
    let (store, layout, now) = (operations.store, operations.index.layout, operations.now())
    let strays = try find().map { Orphan($0, in: store, layout: layout, now: now) }
    let damaged = strays.filter(\.isHalf)
    for stray in damaged { rename(store.path(of: stray.key), store.quarantinePath(of: stray.key)) }
    let gone = Set(damaged.map(\.key))
    var recovery = Recovery(store: store, database: operations.database, layout: layout, now: now)
    try recovery.takeIn(strays.filter { !gone.contains($0.key) })
    return (recovery.report.indexed, recovery.report.quarantined + damaged.count)
  }

  /// A shelf at a time.
  private func find() throws -> [ObjectKey] {
    try FileObjectStore.shelves.flatMap { shelf in try unknown(operations.store.keys(onShelf: shelf)) }
  }

  private func unknown(_ keys: [ObjectKey]) throws -> [ObjectKey] {
    // What has a name among the incoming, or stands in the arrivals log, is on its way into the index: its reception will see to it. First that is asked,
    // then the index, for the name goes when the row is there.
    let keys = keys.filter { !operations.store.isOnItsWay($0) }
    return try operations.database.read { database in
      let known = try database.cachedStatement(
        sql:
          "SELECT EXISTS (SELECT 1 FROM instance WHERE object = ?) OR EXISTS (SELECT 1 FROM tombstone WHERE object = ?)"
      )
      return try keys.filter { try !(Bool.fetchOne(known, arguments: [$0.name, $0.name]) ?? false) }
    }
  }
}

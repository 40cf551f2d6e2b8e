// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Glibc
import GRDB

/// What a start found and set right.
package struct RecoveryReport: Sendable, Hashable {
  /// Pieces of objects that never were.
  package fileprivate(set) var swept = 0
  /// Whole objects that the index did not know.
  package fileprivate(set) var indexed = 0
  /// Files that are no objects.
  package fileprivate(set) var quarantined = 0
  /// Rows whose file is gone.
  package fileprivate(set) var missing = 0
  /// Whether there were files, and an index that knew of none.
  package fileprivate(set) var isIndexLost = false
  /// Whether these are more than a start takes in: nothing of them is found before a restore or a reindex.
  package fileprivate(set) var leavesFilesOut = false

  package var isEmpty: Bool { self == RecoveryReport() }
}

/// Sets right what a crash left behind: pieces of objects are swept, whole ones that never reached the index are indexed,
/// and rows whose file is gone are marked. Doing it twice does no harm, nor does being stopped in between.
///
/// What the index may not know has a name among the incoming, so that this takes as long as a crash left things to do,
/// however large the archive is.
struct Recovery {
  private let store: FileObjectStore
  private let database: DatabasePool
  private let layout: IndexLayout
  private let now: Double
  private let rules: StandingRules
  private(set) var report = RecoveryReport()

  /// Up to so many instances, files and rows are compared as well after a crash; beyond, that is for `check`.
  private let comparesUpTo: Int

  init(
    store: FileObjectStore, database: DatabasePool, layout: IndexLayout, now: Double, comparesUpTo: Int = 100_000
  ) {
    self.comparesUpTo = comparesUpTo
    self.store = store
    self.database = database
    self.layout = layout
    self.now = now
    rules = StandingRules { now }
  }

  mutating func perform() throws -> RecoveryReport {
    try takeInArrivals()
    try takeInIncoming()
    let (wasClosed, count) = try database.read { database in
      (
        try Bool.fetchOne(database, sql: "SELECT was_closed FROM node") ?? false,
        try Int.fetchOne(database, sql: "SELECT coalesce(max(id), 0) FROM instance") ?? 0
      )
    }
    // A directory that was left in order has nothing to be found in it; an index that was lost has left no such word.
    let files = try count == 0 ? countFiles() : 0
    report.isIndexLost = files > 0
    report.leavesFilesOut = files > comparesUpTo
    if !wasClosed || files > 0, max(count, files) <= comparesUpTo { try compareFilesAndRows() }
    try database.write { try $0.execute(sql: "UPDATE node SET was_closed = 0") }
    return report
  }

  /// No further than can be taken in here: beyond, that is for `reindex`.
  private func countFiles() throws -> Int {
    var files = 0
    for shelf in FileObjectStore.shelves where files <= comparesUpTo {
      files += try store.keys(onShelf: shelf).count
    }
    return files
  }

  /// What stands in the arrivals log may have no file, or half of one, and may not be in the index. Only once all of it has
  /// and is, and is on the disk, the log goes.
  private mutating func takeInArrivals() throws {
    let segments = try store.arrivals.leftovers()
    var keys: [ObjectKey] = []
    for segment in segments {
      var arrived: [Orphan] = []
      for record in try ArrivalsSegment.records(at: segment) where try !isDeleted(record.key) {
        try store.complete(record)
        keys.append(record.key)
        if try isKnown(record.key) {
          try mark(0, flaggedFrom: record.key)
        } else {
          arrived.append(Orphan(record.key, in: store, layout: layout, now: now))
        }
      }
      try takeIn(arrived)
    }
    try store.arrivals.sweep(segments, keys)
  }

  private func isDeleted(_ key: ObjectKey) throws -> Bool {
    try database.read { try TombstoneTable.names(key.name, in: $0) }
  }

  private func mark(_ fault: Int, flaggedFrom key: ObjectKey) throws {
    let isFlagged = try database.read { database in
      try Bool.fetchOne(
        database.cachedStatement(sql: "SELECT fault <> ? FROM instance WHERE object = ?"), arguments: [fault, key.name])
    }
    if isFlagged == true { try mark(fault, [key.name]) }
  }

  private mutating func takeInIncoming() throws {
    var arrived: [Orphan] = []
    for name in try FileObjectStore.names(in: store.incoming) {
      guard let key = ObjectKey(checking: name), access(store.path(of: key), F_OK) == 0 else {
        unlink("\(store.incoming)/\(name)")
        report.swept += 1
        continue
      }
      let orphan = Orphan(key, in: store, layout: layout, now: now)
      if try isKnown(key) {
        unlink(store.incomingPath(of: key))
      } else if orphan.isHalf {
        // It had its place before it was synced, and the power went in between.
        unlink(store.path(of: key))
        unlink(store.incomingPath(of: key))
        report.swept += 1
      } else {
        arrived.append(orphan)
      }
    }
    try takeIn(arrived)
  }

  private func isKnown(_ key: ObjectKey) throws -> Bool {
    try database.read { database in
      try Int.fetchOne(
        database.cachedStatement(sql: "SELECT 1 FROM instance WHERE object = ?"), arguments: [key.name]) != nil
    }
  }

  /// A shelf at a time. First what is gone, so that a file that was not known can take the place of one that was lost.
  private mutating func compareFilesAndRows() throws {
    var orphans: [Orphan] = []
    for shelf in FileObjectStore.shelves {
      let found = try Set(store.keys(onShelf: shelf).map(\.name))
      let rows = try database.read { database in
        try Row.fetchAll(
          database, sql: "SELECT object, fault FROM instance WHERE object >= ? AND object < ?",
          arguments: [shelf, shelf + "g"]
        ).map { row in (object: row[0] as String, fault: row[1] as Int) }
      }
      try mark(1, rows.filter { $0.fault == 0 && !found.contains($0.object) }.map(\.object))
      try mark(0, rows.filter { $0.fault == 1 && found.contains($0.object) }.map(\.object))
      report.missing += rows.count { !found.contains($0.object) }
      orphans += found.subtracting(rows.map(\.object)).map {
        Orphan(ObjectKey(name: $0), in: store, layout: layout, now: now)
      }
    }
    try takeIn(orphans)
  }

  private func mark(_ fault: Int, _ objects: [String]) throws {
    guard !objects.isEmpty else { return }
    try database.write { database in
      for object in objects {
        try database.execute(sql: "UPDATE instance SET fault = ? WHERE object = ?", arguments: [fault, object])
      }
    }
  }

  /// Objects that are whole but were never acknowledged: indexed, for their senders may have been about to hear so, in the
  /// order in which they came. What cannot be read goes to quarantine.
  mutating func takeIn(_ orphans: [Orphan]) throws {
    for orphan in orphans.sorted(by: { $0.arrivedAt < $1.arrivedAt }) {
      // What was deleted is no object that never reached the index.
      guard try !isDeleted(orphan.key) else { continue }
      if let record = try orphan.record() {
        if try add(record) { report.indexed += 1 }
      } else {
        rename(store.path(of: orphan.key), "\(store.quarantine)/\(orphan.key.name).dcm")
        report.quarantined += 1
      }
      unlink(store.incomingPath(of: orphan.key))
    }
  }

  /// False for one that need not be kept.
  private func add(_ original: InstanceRecord) throws -> Bool {
    var record = original
    record.actor = .node
    var compared: [ObjectKey: [UInt8]] = [:]
    while true {
      let insertion = InstanceInsertion(
        record, layout: layout, compared: compared, remembersDigests: false, rules: rules)
      let addition = try database.write { database in
        let judged = try insertion.perform(in: database)
        if let entry = insertion.audit(judged, at: now) { try AuditTable.append(entry, in: database) }
        return judged.addition
      }
      switch addition {
      case .alreadyHere(let key, let digest): compared[key] = isReadable(key, digest) ? digest : []
      case .done(.alreadyStored):
        unlink(store.path(of: record.object))
        return false
      case .done(.keptOut):
        unlink(store.path(of: record.object))
        return false
      case .replaced(let damaged):
        try store.quarantineNow(damaged)
        return true
      case .done: return true
      case .needsComparison(let others):
        if record.canonicalDigest == nil { record.canonicalDigest = canonicalDigest(of: record.object) }
        for key in others { compared[key] = canonicalDigest(of: key) }
      }
    }
  }

  private func isReadable(_ key: ObjectKey, _ digest: [UInt8]) -> Bool {
    (try? StoredObject(key, in: store).dataSetDigest()) == digest
  }

  /// Nothing is decoded before the node is there: compressed objects are compared as they stand.
  private func canonicalDigest(of key: ObjectKey) -> [UInt8] {
    var reading = CanonicalReading()
    while let piece = try? store.readNow(reading.range, of: key) {
      do {
        if let digest = try reading.take(piece) { return digest }
      } catch { break }
    }
    return []
  }
}

// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import GRDB
import Synchronization

/// Builds the index tables anew, from the files and their arrival records, in a database of its own beside the one that
/// serves; then one transaction puts the new rows in the place of the old ones. Killed before that, the old index serves on.
struct Reindex {
  private let operations: ArchiveOperations
  private let progress: OperationProgress
  private let scratch: ReindexScratch
  private var report = ReindexReport()
  /// Looked at and not to be indexed: damaged, or the same as another.
  private var settled: Set<String> = []
  private var damaged: [(object: ObjectStore.Key, sopInstanceUID: String, fault: StoredFile.Fault)] = []

  init(of operations: ArchiveOperations, _ progress: OperationProgress) throws {
    self.operations = operations
    self.progress = progress
    scratch = try ReindexScratch(directory: operations.directory)
  }

  consuming func perform() throws -> ReindexReport {
    defer { scratch.remove() }
    try progress.begin("listing files")
    try scratch.list(store: operations.store)
    try progress.begin("reading files", total: try scratch.count())
    var position: Int64 = 0
    while case let page = try scratch.page(after: position), let last = page.last {
      try takeIn(page)
      position = last.position
    }
    try catchUp()
    try progress.begin("putting the new index in place")
    try putInPlace()
    try quarantineDamaged()
    report.instances = try operations.database.read {
      try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM instance WHERE is_missing = 0") ?? 0
    }
    return report
  }

  /// Files are read side by side, rows are written in the order of arrival: the first object of a study speaks for it.
  private mutating func takeIn(_ page: [ArrivedObject]) throws {
    let outcomes = Mutex<[Int: Result<InstanceRecord, any Error>]>([:])
    let store = operations.store
    DispatchQueue.concurrentPerform(iterations: page.count) { index in
      let outcome = Result { try page[index].record(in: store) }
      outcomes.withLock { $0[index] = outcome }
    }
    let read = outcomes.withLock { $0 }
    for (index, object) in page.enumerated() {
      switch read[index] {
      case .success(let record): try insert(record, of: object)
      case .failure(let failure): try carry(object, because: failure)
      case nil: break
      }
      try progress.advance()
    }
  }

  private mutating func insert(_ record: InstanceRecord, of object: ArrivedObject) throws {
    guard try scratch.insert(record, at: object.arrivedAt) else {
      report.repeated += 1
      settled.insert(object.key.name)
      return
    }
    if !object.isIndexed { report.takenIn += 1 }
  }

  /// Its file tells nothing (any more): what the old index says of it stays, flagged.
  private mutating func carry(_ object: ArrivedObject, because failure: any Error) throws {
    settled.insert(object.key.name)
    guard let fault = (failure as? DamagedFile)?.fault else { throw failure }
    let name = object.key.name
    let (rows, isDeleted) = try operations.database.read { database in
      (try CarriedRows(ofObject: name, in: database), try TombstoneTable.names(name, in: database))
    }
    guard !isDeleted else { return }
    if let rows { try scratch.insert(rows, isFlagged: fault != .unreadable) }
    switch fault {
    case .unreadable: report.unreadable.append("\(name): \(failure)")
    case .missing where rows == nil: report.lost.append(name)
    case .missing: report.flagged += 1
    default:
      report.quarantined.append("\(name): \(failure)")
      if rows != nil { report.flagged += 1 }
    }
    if fault != .unreadable { damaged.append((object.key, rows?.sopInstanceUID ?? "", fault)) }
  }

  /// What arrived while files were read, until it is so little that stores may wait for the rest.
  private mutating func catchUp() throws {
    for _ in 0..<20 {
      let fresh = try operations.database.read { try ArrivedObject.indexed(in: $0) }
      let missing = try scratch.unknown(among: fresh).filter { !settled.contains($0.key.name) }
      guard missing.count > 64 else { return }
      for start in stride(from: 0, to: missing.count, by: 256) {
        try takeIn(Array(missing[start..<min(start + 256, missing.count)]))
      }
    }
  }

  private mutating func putInPlace() throws {
    let (store, settled) = (operations.store, settled)
    try operations.database.writeWithoutTransaction { database in
      try database.execute(sql: "ATTACH DATABASE ? AS rebuilt", arguments: [scratch.path])
      defer { try? database.execute(sql: "DETACH DATABASE rebuilt") }
      try database.inTransaction(.immediate) {
        let late = try ArrivedObject.indexed(in: database, notIn: "rebuilt.instance").filter {
          !settled.contains($0.key.name)
        }
        // Read before the old rows go; one that cannot be read now keeps its row by the next start.
        let records = late.compactMap { object in (try? object.record(in: store)).map { (object, $0) } }
        try IndexTables.replace(by: "rebuilt", in: database)
        for (object, record) in records {
          _ = try InstanceInsertion(record, at: object.arrivedAt).perform(in: database)
        }
        return .commit
      }
    }
  }

  private func quarantineDamaged() throws {
    for (object, sopInstanceUID, fault) in damaged {
      let damage = Damage(fault: fault, store: operations.store, database: operations.database)
      if try !damage.takeOutOfService(object, sopInstanceUID: sopInstanceUID, at: operations.now()), fault != .missing {
        rename(operations.store.path(of: object), operations.store.quarantinePath(of: object))
      }
    }
  }
}

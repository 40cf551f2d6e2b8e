// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import GRDB
import Glibc
import Synchronization

/// Builds the index tables anew, from the files and their arrival records, in a database of its own beside the one that
/// serves; then one transaction puts the new rows in the place of the old ones. Killed before that, the old index serves on.
struct Reindex {
  private let operations: ArchiveOperations
  private let progress: OperationProgress
  private let scratch: ReindexScratch
  private var report = ReindexReport()
  private var damaged: [(object: ObjectKey, fault: StoredFile.Fault)] = []
  /// Looked at and found to be no object that can be served.
  private var settled: Set<Int64> = []

  init(of operations: ArchiveOperations, _ progress: OperationProgress) throws {
    self.operations = operations
    self.progress = progress
    scratch = try ReindexScratch(directory: operations.directory, layout: operations.index.layout)
  }

  consuming func perform() throws -> ReindexReport {
    defer { scratch.remove() }
    let total = try operations.database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM arrival") ?? 0 }
    try progress.begin("reading files", total: total)
    var last: Int64 = 0
    while case let page = try operations.database.read({ try ArrivedObject.page(after: last, in: $0) }),
      let end = page.last
    {
      try takeIn(page)
      last = end.number
    }
    try catchUp()
    try progress.begin("putting the new index in place")
    try putInPlace()
    try quarantineDamaged()
    try progress.begin("looking for files without a record")
    let taken = try StrayFiles(of: operations).takeIn()
    report.takenIn += taken.indexed
    report.quarantined += (0..<taken.quarantined).map { _ in "a file without an arrival record that is no object" }
    report.instances = try operations.database.read {
      try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM instance WHERE fault = 0") ?? 0
    }
    return report
  }

  /// Files are read side by side, rows are written in the order of arrival: the first object of a study speaks for it.
  private mutating func takeIn(_ page: [ArrivedObject]) throws {
    let outcomes = Mutex<[Int: Result<InstanceRecord, any Error>]>([:])
    let (store, layout, now) = (operations.store, operations.index.layout, operations.now())
    DispatchQueue.concurrentPerform(iterations: page.count) { index in
      let outcome = Result { try page[index].record(in: store, layout: layout, now: now) }
      outcomes.withLock { $0[index] = outcome }
    }
    let read = outcomes.withLock { $0 }
    for (index, object) in page.enumerated() {
      switch read[index] {
      case .success(let record):
        try scratch.insert(record, number: object.number)
        if !object.isIndexed { report.takenIn += 1 }
      case .failure(let failure): try carry(object, because: failure)
      case nil: break
      }
      try progress.advance()
    }
  }

  /// Its file tells nothing (any more): what the old index says of it stays, flagged.
  private mutating func carry(_ object: ArrivedObject, because failure: any Error) throws {
    guard let fault = (failure as? DamagedFile)?.fault else { throw failure }
    let layout = operations.index.layout
    let (record, isDeleted) = try operations.database.read { database in
      (
        try InstanceRecord(carriedFrom: object.number, layout: layout, in: database),
        try TombstoneTable.names(object.key.name, in: database)
      )
    }
    guard !isDeleted else { return }
    // Sent again under another key since the page was read: there it is whole.
    if let record, record.object != object.key { return }
    settled.insert(object.number)
    if let record {
      let flag = fault == .unreadable ? 0 : fault == .missing && !isQuarantined(object.key) ? 1 : 2
      try scratch.insert(record, number: object.number, fault: flag)
    }
    switch fault {
    case .unreadable: report.unreadable.append("\(object.key.name): \(failure)")
    case .missing where record == nil: report.lost.append(object.key.name)
    case .missing: report.flagged += 1
    default:
      report.quarantined.append("\(object.key.name): \(failure)")
      if record != nil { report.flagged += 1 }
      damaged.append((object.key, fault))
    }
  }

  private func isQuarantined(_ key: ObjectKey) -> Bool {
    access(operations.store.quarantinePath(of: key), F_OK) == 0
  }

  /// What arrived while files were read, until it is so little that stores may wait for the rest.
  private mutating func catchUp() throws {
    for _ in 0..<20 {
      let lacking = try scratch.lacking().filter { !settled.contains($0) }
      guard lacking.count > 64 else { return }
      for start in stride(from: 0, to: lacking.count, by: 256) {
        let numbers = Array(lacking[start..<min(start + 256, lacking.count)])
        try takeIn(try operations.database.read { try ArrivedObject.all(numbers, in: $0) })
      }
    }
  }

  private func putInPlace() throws {
    let (store, layout, now) = (operations.store, operations.index.layout, operations.now())
    try operations.database.writeWithoutTransaction { database in
      try database.execute(sql: "ATTACH DATABASE ? AS rebuilt", arguments: [scratch.path])
      defer { try? database.execute(sql: "DETACH DATABASE rebuilt") }
      try database.inTransaction(.immediate) {
        let lacking = try ReindexScratch.lacking(of: "main", in: "rebuilt", database).filter { !settled.contains($0) }
        // Read before the old rows go.
        let late = try ArrivedObject.all(lacking, in: database).map { object in
          (object.number, try object.record(in: store, layout: layout, now: now))
        }
        try IndexTables.replace(by: "rebuilt", layout: layout, in: database)
        for (number, record) in late {
          try ReindexScratch.insert(record, number: number, layout: layout, in: database)
        }
        // Every row has the values that the layout asks for.
        try database.execute(sql: "UPDATE node SET lacks_values = 0")
        return .commit
      }
    }
  }

  private func quarantineDamaged() throws {
    for (object, fault) in damaged {
      let damage = Damage(fault: fault, store: operations.store, database: operations.database)
      if try !damage.takeOutOfService(object) {
        rename(operations.store.path(of: object), operations.store.quarantinePath(of: object))
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

// The importer of C files `struct stat` under this module where crypto packages are imported beside Glibc.
import CoreFoundation
import Foundation
import Glibc
import GRDB

/// Reads every file and compares it with what was received; what is damaged is named, flagged and taken out of service.
struct Check {
  private let operations: ArchiveOperations
  private let order: CheckOrder
  private let progress: OperationProgress
  private var throttle: Throttle
  private var report = CheckReport()

  init(_ order: CheckOrder, of operations: ArchiveOperations, _ progress: OperationProgress) {
    self.operations = operations
    self.order = order
    self.progress = progress
    throttle = Throttle(bytesPerSecond: order.bytesPerSecond)
  }

  consuming func perform() throws -> CheckReport {
    try progress.begin("checking the database")
    try checkDatabase()
    try checkInstances()
    try checkShelves()
    let end = operations.now()
    try operations.database.write { database in
      try database.execute(sql: "UPDATE scrub SET position = 0, finished_at = ?", arguments: [end])
    }
    return report
  }

  private mutating func checkDatabase() throws {
    let faults = try LongReading(operations.database.path, progress).read { database in
      try String.fetchAll(database, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }.map { ("database", $0) }
        + Row.fetchAll(database, sql: "PRAGMA foreign_key_check").prefix(100).map { row in
          ("index", "a row of \(row[0] as String) refers to none of \(row[2] as String)")
        }
        + Self.contradictions.compactMap { detail, sql in
          let count = try Int.fetchOne(database, sql: sql) ?? 0
          return count == 0 ? nil : ("index", "\(count) \(detail)")
        }
    }
    for (kind, detail) in faults { report.add(kind == "database" ? .database : .index, detail) }
  }

  private static let contradictions = [
    ("objects are deleted and indexed", "SELECT COUNT(*) FROM instance JOIN tombstone USING (object)"),
    (
      "instances have no arrival record",
      "SELECT COUNT(*) FROM instance LEFT JOIN arrival USING (object) WHERE sender IS NULL"
    ),
    (
      "series have no instance",
      "SELECT COUNT(*) FROM series WHERE \(IndexTables.emptySeries)"
    ),
    ("studies have no series", "SELECT COUNT(*) FROM study WHERE \(IndexTables.emptyStudy)"),
    ("patients have no study", "SELECT COUNT(*) FROM patient WHERE \(IndexTables.emptyPatient)"),
  ]

  private mutating func checkInstances() throws {
    let (first, total) = try operations.database.read { database in
      (
        order.continues ? try Int64.fetchOne(database, sql: "SELECT position FROM scrub") ?? 0 : 0,
        try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM instance") ?? 0
      )
    }
    try progress.begin("checking files", total: total)
    var position = first
    while true {
      let after = position
      let page = try operations.database.read { try CheckedInstance.page(after: after, in: $0) }
      guard let last = page.last else { return }
      for instance in page { try check(instance) }
      position = last.id
      try operations.database.write { [position] database in
        try database.execute(sql: "UPDATE scrub SET position = ?", arguments: [position])
      }
    }
  }

  private mutating func check(_ instance: CheckedInstance) throws {
    if instance.contradictsItsArrival {
      report.add(
        .index, object: instance.object.name, instance: instance.sopInstanceUID,
        "the index has another digest than the arrival record")
    }
    let fault = try self.fault(of: instance, at: operations.store.path(of: instance.object))
    report.count(instance.size)
    try progress.advance()
    if instance.isMissing { return try look(at: instance, flaggedBeforeWith: fault) }
    guard let fault else { return }
    switch fault {
    case .unreadable:
      report.add(
        .unreadable, object: instance.object.name, instance: instance.sopInstanceUID, "the file cannot be read now")
    case .wrongHead:
      let isMended = try instance.file(at: operations.store.path(of: instance.object)).mendHead()
      report.add(
        .damagedHead, object: instance.object.name, instance: instance.sopInstanceUID,
        "preamble or group 0002 were not as they were written; the data set is: "
          + (isMended ? "they are written anew" : "what they were cannot be told"))
    case .missing, .wrongSize, .wrongDigest:
      let damage = Damage(fault: fault, store: operations.store, database: operations.database)
      guard try damage.takeOutOfService(instance.object)
      else { return }
      report.add(
        fault == .missing ? .missing : .corrupt, object: instance.object.name, instance: instance.sopInstanceUID,
        damage.detail)
    }
  }

  /// It may be whole again: found by a file system check, or read wrong by a cable.
  private mutating func look(at instance: CheckedInstance, flaggedBeforeWith fault: StoredFile.Fault?) throws {
    let damage = Damage(fault: .missing, store: operations.store, database: operations.database)
    if fault == nil {
      try damage.putBackInService(instance.object)
      return report.addHealed()
    }
    let quarantined = operations.store.quarantinePath(of: instance.object)
    if fault == .missing, try self.fault(of: instance, at: quarantined) == nil {
      guard rename(quarantined, operations.store.path(of: instance.object)) == 0 else {
        throw FileError("move", quarantined)
      }
      try FileObjectStore.syncDirectory(operations.store.shelf(of: instance.object))
      try damage.putBackInService(instance.object)
      return report.addHealed()
    }
    let isCorrupt = access(quarantined, F_OK) == 0
    report.add(
      isCorrupt ? .corrupt : .missing, object: instance.object.name, instance: instance.sopInstanceUID,
      isCorrupt ? "found before: the file is in quarantine" : "found before: the file is gone")
  }

  private mutating func fault(of instance: CheckedInstance, at path: String) throws -> StoredFile.Fault? {
    let progress = progress
    var throttle = throttle
    defer { self.throttle = throttle }
    return try instance.file(at: path).fault { bytes in
      try throttle.take(bytes.count) { try progress.advance(by: 0) }
      try progress.advance(by: 0)
    }
  }
}

extension Check {
  /// A file that was moved to its place a moment ago has its row in another moment.
  private static let settlingTime = 60.0

  /// Files that no row knows.
  private mutating func checkShelves() throws {
    let store = operations.store
    try progress.begin("looking for stray files", total: 256)
    for shelf in try FileObjectStore.names(in: store.instances).sorted() {
      guard FileObjectStore.shelves.contains(shelf) else {
        report.add(.strayFile, "'\(store.instances)/\(shelf)' is nothing of this node's: take it away")
        continue
      }
      let files = try FileObjectStore.names(in: "\(store.instances)/\(shelf)")
      let (known, removed, awaited) = try operations.database.read { database in
        (
          try Set(String.fetchAll(database, sql: Self.ofShelf("instance"), arguments: [shelf, shelf + "g"])),
          try Set(String.fetchAll(database, sql: Self.ofShelf("tombstone"), arguments: [shelf, shelf + "g"])),
          try Set(
            String.fetchAll(
              database, sql: Self.ofShelf("tombstone") + " AND is_removed = 0", arguments: [shelf, shelf + "g"]))
        )
      }
      for file in files {
        let path = "\(store.instances)/\(shelf)/\(file)"
        let name = (file.hasSuffix(".dcm") ? ObjectKey(checking: String(file.dropLast(4))) : nil)?.name
        if let name, known.contains(name) || awaited.contains(name) { continue }
        if let name, removed.contains(name) {
          // It may have gone, with its deletion, since the shelf was read.
          guard unlink(path) == 0 || errno != ENOENT else { continue }
          report.add(.deletedFileWasBack, object: name, "it was deleted before; removed again")
        } else if let age = age(of: path), age > Self.settlingTime, !isOnItsWay(name) {
          let detail = "no row knows '\(path)': a reindex takes it in"
          report.add(
            .strayFile, object: name, name == nil ? "'\(path)' is no file of this node's: take it away" : detail)
        }
      }
      try progress.advance()
    }
  }

  private static func ofShelf(_ table: String) -> String {
    "SELECT object FROM \(table) WHERE object >= ? AND object < ?"
  }

  private func isOnItsWay(_ name: String?) -> Bool {
    name.map { operations.store.isOnItsWay(ObjectKey(name: $0)) } ?? false
  }

  /// Seconds since it was last written; nil when it is gone.
  private func age(of path: String) -> Double? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    return Archive.wallClock() - Double(status.st_mtim.tv_sec)
  }
}

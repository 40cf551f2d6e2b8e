// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Glibc
import GRDB
import Synchronization

/// Copies the archive while it goes on: first the database as it is at one moment, then every file that this copy names and
/// no earlier backup has. What is deleted meanwhile keeps its file until the copy is finished.
struct Backup {
  private let operations: ArchiveOperations
  private let progress: OperationProgress
  private let target: BackupFolder
  private let keeping: Int?
  private let name: String
  private let madeAt: Double
  private var report: BackupReport

  init(to path: String, keeping: Int?, of operations: ArchiveOperations, _ progress: OperationProgress) throws {
    self.operations = operations
    self.progress = progress
    self.keeping = keeping
    if let keeping, keeping < 1 { throw ArchiveError("at least one backup has to be kept") }
    target = try BackupFolder(path, outside: operations.directory)
    try BackupLineage(of: operations.database).requireNoOther(in: target)
    try target.prepare()
    madeAt = operations.now()
    let style = Date.ISO8601FormatStyle().dateSeparator(.omitted).timeSeparator(.omitted)
    let stamp = Date(timeIntervalSince1970: madeAt).formatted(style)
    let taken = try Set(target.names())
    name = (0..<1000).map { $0 == 0 ? stamp : "\(stamp)-\($0)" }.first { !taken.contains($0) } ?? stamp
    report = BackupReport(name: name, madeAt: Moment.text(madeAt))
  }

  private var partialPath: String { "\(target.backups)/\(name)\(BackupFolder.partial)" }

  /// Where it comes to no end, nothing of it is left in the place that others may lack.
  consuming func perform() throws -> BackupReport {
    let (target, partial) = (target, name + BackupFolder.partial)
    do { return try make() } catch {
      target.remove(backup: partial)
      throw ArchiveError(
        full: error,
        "there is no space left in '\(target.folder.path)': no backup was made. Make room there, keep fewer backups (--keep), "
          + "or back up to another disk") ?? error
    }
  }

  private consuming func make() throws -> BackupReport {
    guard mkdir(partialPath, 0o700) == 0 else { throw FileError("make", partialPath) }
    let copy = try copyDatabase()
    let bytes = try copyFiles(of: copy)
    try copy.writeWithoutTransaction {
      try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")
    }
    try copy.close()
    try finish(bytes: bytes)
    if let keeping { try thinOut(keeping) }
    return report
  }

  /// SQLite's online backup in one step: a view of one moment, while stores go on.
  private func copyDatabase() throws -> DatabaseQueue {
    try progress.begin("copying the database")
    let path = partialPath + "/index.sqlite"
    let created = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard created >= 0 else { throw FileError("create", path) }
    close(created)
    var configuration = GRDB.Configuration()
    configuration.foreignKeysEnabled = false
    let copy = try DatabaseQueue(path: path, configuration: configuration)
    try operations.database.backup(to: copy)
    let verdict = try LongReading(copy, progress).read { try String.fetchAll($0, sql: "PRAGMA integrity_check(1)") }
    guard verdict == ["ok"] else {
      throw ArchiveError("the database itself is damaged (\(verdict.joined())): run collimator check")
    }
    return copy
  }

  private typealias Outcome = Result<(fault: StoredFile.Fault?, isNew: Bool), any Error>

  private mutating func copyFiles(of copy: DatabaseQueue) throws -> Int {
    let total = try copy.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM instance") ?? 0 }
    try progress.begin("copying files", total: total)
    var (position, bytes) = (Int64(0), 0)
    while case let page = try copy.read({ try CheckedInstance.page(after: position, in: $0) }), let last = page.last {
      let outcomes = Mutex<[Int: Outcome]>([:])
      let (operations, target, progress) = (operations, target, progress)
      DispatchQueue.concurrentPerform(iterations: page.count) { index in
        let outcome = Outcome { try Self.copy(page[index], of: operations, to: target, progress) }
        outcomes.withLock { $0[index] = outcome }
      }
      let done = outcomes.withLock { $0 }
      for (index, instance) in page.enumerated() {
        guard let outcome = try done[index]?.get() else { continue }
        try note(instance, outcome, in: copy)
        bytes += outcome.fault == nil ? instance.size : 0
      }
      for shelf in Set(page.map { target.shelf(of: $0.object) }) { try FileObjectStore.syncDirectory(shelf) }
      try progress.advance(by: page.count)
      position = last.id
    }
    return bytes
  }

  private mutating func note(
    _ instance: CheckedInstance, _ outcome: (fault: StoredFile.Fault?, isNew: Bool), in copy: DatabaseQueue
  ) throws {
    guard let fault = outcome.fault else {
      report.instances += 1
      if outcome.isNew {
        report.copiedFiles += 1
        report.copiedBytes += instance.size
      }
      return
    }
    report.withoutFile.append("\(instance.sopInstanceUID): \(fault.rawValue)")
    if !instance.isMissing { Damage.note(fault, of: instance.object, operations) }
    try copy.write { database in
      try database.execute(sql: "UPDATE instance SET fault = max(fault, 1) WHERE id = ?", arguments: [instance.id])
    }
  }

  /// Read, compared with what was received, and written in one pass; a damaged file is not copied.
  private static func copy(
    _ instance: CheckedInstance, of operations: ArchiveOperations, to target: BackupFolder,
    _ progress: OperationProgress
  ) throws -> (fault: StoredFile.Fault?, isNew: Bool) {
    guard ObjectKey(checking: instance.object.name) != nil else { return (.missing, false) }
    let path = target.path(of: instance.object)
    if let there = try? OpenFile(reading: path), try there.size() == instance.size {
      // What may be the only copy is read first.
      guard instance.isMissing else { return (nil, false) }
      let found = try instance.file(at: path).fault { _ in try progress.advance(by: 0) }
      if found == .wrongDigest { _ = target.setAside(instance.object) }
      return (found == .wrongHead ? nil : found, false)
    }
    guard !instance.isMissing else { return (.missing, false) }
    // Without its whole size a file of an earlier backup was cut by something else.
    unlink(path)
    let temporary = "\(path)\(BackupFolder.partial)"
    unlink(temporary)
    let file = try NewFile(at: temporary)
    let fault = try instance.file(at: operations.store.path(of: instance.object)).fault { bytes in
      try file.write(bytes)
      try progress.advance(by: 0)
    }
    if let fault, fault != .wrongHead { return (fault, false) }
    let isNew = try file.place(at: path)
    if fault == .wrongHead { _ = try instance.file(at: path).mendHead() }
    unlink(target.damagedPath(of: instance.object))
    return (nil, isNew)
  }

  private func finish(bytes: Int) throws {
    try progress.begin("finishing")
    let settings = operations.directory + "/collimator.json"
    if let data = FileManager.default.contents(atPath: settings) {
      try write(Array(data), to: partialPath + "/collimator.json")
    }
    let manifest = BackupManifest(
      madeAt: madeAt, madeBy: operations.user.name, instances: report.instances, bytes: bytes)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try write(Array(try encoder.encode(manifest)), to: partialPath + "/manifest.json")
    try sync(partialPath + "/index.sqlite")
    try FileObjectStore.syncDirectory(partialPath)
    let path = "\(target.backups)/\(name)"
    guard rename(partialPath, path) == 0 else { throw FileError("name", path) }
    try FileObjectStore.syncDirectory(target.backups)
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    let file = try NewFile(at: path + BackupFolder.partial)
    try bytes.withUnsafeBytes { try file.write($0) }
    _ = try file.place(at: path)
  }

  private func sync(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError("sync", path) }
  }
}

extension Backup {
  /// Lets the oldest go, and then the files that none of the others names.
  private mutating func thinOut(_ count: Int) throws {
    let names = try target.names()
    report.removedBackups = Array(names.dropLast(count))
    for name in report.removedBackups { target.remove(backup: name) }
    try FileObjectStore.syncDirectory(target.backups)
    guard !report.removedBackups.isEmpty else { return }
    let kept = try target.names().map { name in
      var configuration = GRDB.Configuration()
      configuration.readonly = true
      return try DatabaseQueue(path: target.index(of: name), configuration: configuration)
    }
    try progress.begin("removing files that no backup needs", total: 256)
    for shelf in try FileObjectStore.names(in: target.objects) {
      var needed: Set<String> = []
      for copy in kept {
        try needed.formUnion(
          copy.read { database in
            try String.fetchAll(
              database, sql: "SELECT object FROM instance WHERE object >= ? AND object < ?",
              arguments: [shelf, shelf + "g"])
          })
      }
      for file in try FileObjectStore.names(in: "\(target.objects)/\(shelf)") {
        // What is left of a damaged one stays until it is copied anew.
        let name = file.hasSuffix(BackupFolder.damaged) ? String(file.dropLast(BackupFolder.damaged.count)) : file
        if let key = ObjectKey(checking: String(name.dropLast(4))), needed.contains(key.name) { continue }
        if unlink("\(target.objects)/\(shelf)/\(file)") == 0 { report.removedFiles += 1 }
      }
      try progress.advance()
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import GRDB

/// Reads backups and compares them with what they say they are, without a data directory: the database at each backup's
/// moment, and every file that one of them names, once.
package struct BackupVerification {
  private let source: BackupFolder
  private let progress: OperationProgress
  private let names: [String]
  /// What is wrong with an object's file, of those that were read; backups share them.
  private var known: [ObjectKey: StoredFile.Fault?] = [:]
  /// Those whose file has another name since it was found damaged.
  private var setAside: Set<ObjectKey> = []
  private var report: BackupVerificationReport

  /// Performs it; blocks no cooperative thread. `name` alone, or all that are finished where it is nil. Throws where there
  /// is nothing to read.
  package static func perform(
    of path: String, name: String?, _ progress: OperationProgress = OperationProgress()
  ) async throws -> BackupVerificationReport {
    try await OperationThread.run(progress) { try BackupVerification(of: path, name: name, progress).perform() }
  }

  private init(of path: String, name: String?, _ progress: OperationProgress) throws {
    guard access(path, F_OK) == 0 else { throw ArchiveError("there is no folder '\(path)'") }
    self.progress = progress
    source = try BackupFolder(path, outside: nil, isRead: true)
    let found = access(source.backups, F_OK) == 0 ? try source.allNames() : []
    names = name.map { [$0] } ?? found
    guard !names.isEmpty, names.allSatisfy(found.contains) else {
      throw ArchiveError("there is no backup \(name.map { "'\($0)' " } ?? "")in '\(path)'")
    }
    report = BackupVerificationReport(folder: path)
  }

  private consuming func perform() throws -> BackupVerificationReport {
    for name in names { try verify(name) }
    return report
  }

  /// What is wrong with one says nothing of the others.
  private mutating func verify(_ name: String) throws {
    var backup = BackupVerificationReport.Backup(name: name)
    do {
      let manifest = try source.manifest(of: name)
      backup.madeAt = Moment.text(manifest.madeAt)
      try read(name, manifest, &backup)
    } catch let error as DatabaseError {
      backup.add(.database, "the copy of the database cannot be read: \(error.message ?? "SQLite says no")")
    } catch is DecodingError {
      backup.add(.index, "its manifest.json cannot be read")
    } catch let error as CancellationError {
      throw error
    } catch {
      backup.add(.index, "it cannot be read: \(Self.words(for: error))")
    }
    report.backups.append(backup)
  }

  private static func words(for error: any Error) -> String {
    guard !(error is ArchiveError), !(error is FileError) else { return "\(error)" }
    let error = error as NSError
    let path = error.userInfo[NSFilePathErrorKey].map { " ('\($0)')" } ?? ""
    return error.code == NSFileReadNoSuchFileError ? "it has no manifest.json" : error.localizedDescription + path
  }

  private mutating func read(
    _ name: String, _ manifest: BackupManifest, _ backup: inout BackupVerificationReport.Backup
  ) throws {
    try progress.begin("reading the database of \(name)")
    let copy = try readable(source.index(of: name))
    let faults = try LongReading(copy, progress).read { database -> [(CheckFault.Kind, String)] in
      let damage = try String.fetchAll(database, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }
      guard damage.isEmpty else { return damage.map { (CheckFault.Kind.database, $0) } }
      return try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").prefix(100).map { row in
        (.index, "a row of \(row[0] as String) refers to none of \(row[2] as String)")
      }
    }
    for (kind, detail) in faults { backup.add(kind, detail) }
    guard !faults.contains(where: { $0.0 == .database }) else { return }
    try readFiles(of: copy, &backup)
    if (backup.instances, backup.bytes) != (manifest.instances, manifest.bytes) {
      backup.add(
        .index,
        "its manifest names \(manifest.instances) instances of \(manifest.bytes) bytes, its database "
          + "\(backup.instances) of \(backup.bytes)")
    }
  }

  private mutating func readFiles(
    of copy: DatabaseQueue, _ backup: inout BackupVerificationReport.Backup
  ) throws {
    let total = try copy.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM instance") ?? 0 }
    try progress.begin("reading files", total: total)
    var position: Int64 = 0
    while case let page = try copy.read({ try CheckedInstance.page(after: position, in: $0) }), let last = page.last {
      for instance in page {
        try progress.advance()
        // The archive itself had no bytes for it.
        guard !instance.isMissing else {
          backup.withoutFile.append(instance.sopInstanceUID)
          continue
        }
        backup.instances += 1
        backup.bytes += instance.size
        if let fault = try fault(of: instance) {
          backup.add(fault, instance, isSetAside: setAside.contains(instance.object))
        }
      }
      position = last.id
    }
  }

  private mutating func fault(of instance: CheckedInstance) throws -> StoredFile.Fault? {
    guard ObjectKey(checking: instance.object.name) != nil else { return .missing }
    if let fault = known[instance.object] { return fault }
    let path = source.path(of: instance.object)
    var fault = try StoredFile.confirmed(at: path) { try self.fault(of: instance, at: path) }
    switch fault {
    case .missing: fault = try faultFoundBefore(of: instance)
    // So that the next backup, which does not read what is there, copies it anew.
    case .wrongSize, .wrongDigest, .wrongHead: if source.setAside(instance.object) { setAside.insert(instance.object) }
    case nil, .unreadable: break
    }
    known.updateValue(fault, forKey: instance.object)
    return fault
  }

  /// Of a file that was set aside; it may be whole again, if it was read wrong by a cable.
  private mutating func faultFoundBefore(of instance: CheckedInstance) throws -> StoredFile.Fault? {
    let path = source.damagedPath(of: instance.object)
    let fault = try self.fault(of: instance, at: path)
    if fault == nil, rename(path, source.path(of: instance.object)) == 0 { return fault }
    if fault != .missing { setAside.insert(instance.object) }
    return fault ?? .wrongDigest
  }

  private func fault(of instance: CheckedInstance, at path: String) throws -> StoredFile.Fault? {
    try instance.file(at: path).fault { _ in try progress.advance(by: 0) }
  }

  /// The database of a backup as this version reads it; of an earlier version's a copy, which is migrated. It has no name
  /// from its beginning on, so that nothing is left of it whatever happens.
  private func readable(_ path: String) throws -> DatabaseQueue {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    configuration.foreignKeysEnabled = false
    let original = try DatabaseQueue(path: path, configuration: configuration)
    guard try !original.read(Schema.migrator.hasBeenSuperseded) else {
      throw ArchiveError("'\(path)' was made by a later version of Collimator: verify it with that one")
    }
    if try original.read(Schema.migrator.hasCompletedMigrations) { return original }
    configuration.readonly = false
    // SQLite's temporary database (https://sqlite.org/inmemorydb.html#temp_db).
    let copy = try DatabaseQueue(path: "", configuration: configuration)
    do {
      try original.backup(to: copy)
      try Schema.migrator.migrate(copy)
    } catch let error {
      throw ArchiveError(
        full: error,
        "there is no space for a copy of '\(path)', which an earlier version made: let TMPDIR name a folder with more")
        ?? error
    }
    return copy
  }
}

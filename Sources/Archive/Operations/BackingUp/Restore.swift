// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import Glibc
import GRDB

/// Brings a data directory to what a backup holds, without taking anything from it that came later: files that are there
/// stay, and the next start indexes those that the backup did not know. Killed anywhere, the directory is not opened until
/// a restore has come to its end.
package struct Restore {
  private let directory: String
  private let revokesGrants: Bool
  private let progress: OperationProgress
  private let source: BackupFolder
  private let name: String
  private let store: FileObjectStore
  private let lock: DirectoryLock
  private let aside: IndexAside
  private var report: RestoreReport

  /// Performs it; blocks no cooperative thread. `name` is the newest backup where it is nil; `patience`: seconds that whoever
  /// owns the directory has to leave it.
  package static func perform(
    from path: String, name: String?, into directory: String, revokingGrants: Bool, patience: Int = 0,
    _ progress: OperationProgress = OperationProgress()
  ) async throws -> RestoreReport {
    let (report, lock) = try await OperationThread.run(progress) {
      try DataDirectory.prepare(directory)
      return try Restore(
        from: path, name: name, into: directory, revokingGrants: revokingGrants, patience: patience, progress
      ).perform()
    }
    // Opening it is the proof; it takes in what the backup did not know.
    let archive = try await OperationThread.run { try Archive.open(directory: directory, holding: lock) }
    let operations = archive.operations(as: .current)
    _ = try await OperationThread.run { try StrayFiles(of: operations).takeIn() }
    let count = try await operations.statistics().instances
    try await archive.audit.record(
      AuditEntry(
        at: archive.audit.now(), .operation, "restore", by: AuditActor(.current), count: report.instances,
        detail: "from the backup \(report.backup) of \(report.madeAt); \(report.auditNote)"))
    try await archive.close()
    var final = report
    final.takenIn = max(count - report.instances, 0)
    if final.takenIn > 0 {
      final.warnings.append("\(final.takenIn) objects came after the backup: they are indexed again, as of now.")
    }
    return final
  }

  private init(
    from path: String, name: String?, into directory: String, revokingGrants: Bool, patience: Int,
    _ progress: OperationProgress
  ) throws {
    self.directory = directory
    revokesGrants = revokingGrants
    self.progress = progress
    (source, self.name) = try Self.backup(name, in: path, for: directory)
    lock = try DirectoryLock(of: directory, within: patience)
    aside = IndexAside(of: directory)
    store = FileObjectStore(directory: directory)
    report = RestoreReport(backup: self.name, madeAt: Moment.text(try source.manifest(of: self.name).madeAt))
  }

  /// The folder, and the backup in it that is meant; throws where there is none.
  @discardableResult
  private static func backup(
    _ name: String?, in path: String, for directory: String?
  ) throws -> (BackupFolder, String) {
    guard access(path, F_OK) == 0 else { throw ArchiveError("there is no folder '\(path)'") }
    let source = try BackupFolder(path, outside: directory, isRead: true)
    guard let found = try name ?? source.names().last, try source.names().contains(found) else {
      throw ArchiveError("there is no finished backup \(name.map { "'\($0)' " } ?? "")in '\(path)'")
    }
    return (source, found)
  }

  /// Throws what can be told to be in the way before anybody stands aside for it.
  package static func requireSense(from path: String, name: String?, into directory: String) async throws {
    try await OperationThread.run {
      guard !DataDirectory.isOfAnother(directory) else {
        throw ArchiveError("'\(directory)' belongs to another user: run this command as that user")
      }
      // One that is not there is made when it is known that there is something to bring to it.
      try backup(name, in: path, for: access(directory, F_OK) == 0 ? directory : nil)
    }
  }

  private var restoring: String { directory + "/index.sqlite.restoring" }

  /// Nobody else has the directory before what was brought back is taken in.
  private consuming func perform() throws -> (RestoreReport, DirectoryLock) {
    let directory = directory
    do { return try bringBack() } catch {
      throw ArchiveError(
        full: error, "there is no space left in '\(directory)': make room there and run collimator restore again")
        ?? error
    }
  }

  private consuming func bringBack() throws -> (RestoreReport, DirectoryLock) {
    // An empty directory is not to be taken for an empty archive. One that has an index was not changed until the copy
    // stands: a backup that is no good leaves the archive as it is.
    if access(directory + "/index.sqlite", F_OK) != 0 { try RestoreMark.begin(directory, as: .lost) }
    try store.prepare()
    let copy = try copyDatabase()
    try RestoreMark.begin(directory, as: .begun)
    try copyFiles(of: copy)
    try takeOver(into: copy)
    try settleGrants(in: copy)
    try copy.writeWithoutTransaction { database in
      // Left as after a crash: the next start compares files and rows.
      try database.execute(sql: "UPDATE node SET was_closed = 0; PRAGMA journal_mode = DELETE")
    }
    try copy.close()
    try putInPlace()
    try RestoreMark.clear(directory)
    return (report, lock)
  }

  private func copyDatabase() throws -> DatabaseQueue {
    try progress.begin("copying the database")
    removeCopy()
    do { return try openCopy() } catch {
      removeCopy()
      throw error
    }
  }

  private func removeCopy() {
    for suffix in ["", "-journal", "-wal", "-shm", BackupFolder.partial] { unlink(restoring + suffix) }
  }

  private func openCopy() throws -> DatabaseQueue {
    let file = try NewFile(at: restoring + BackupFolder.partial)
    let original = try OpenFile(reading: source.index(of: name))
    var room = [UInt8](repeating: 0, count: 1 << 20)
    var offset = 0
    while case let count = try original.read(into: &room, at: offset), count > 0 {
      try room.withUnsafeBytes { try file.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      offset += count
    }
    _ = try file.place(at: restoring)
    var configuration = GRDB.Configuration()
    configuration.foreignKeysEnabled = false
    let copy = try DatabaseQueue(path: restoring, configuration: configuration)
    let verdict = try LongReading(copy, progress).read { try String.fetchAll($0, sql: "PRAGMA integrity_check(1)") }
    guard verdict == ["ok"] else { throw ArchiveError("the backup '\(name)' is damaged itself: \(verdict.joined())") }
    guard try !copy.read(Schema.migrator.hasBeenSuperseded) else {
      throw ArchiveError("the backup '\(name)' was made by a later version of Collimator: restore it with that one")
    }
    try Schema.migrator.migrate(copy)
    return copy
  }

  private mutating func copyFiles(of copy: DatabaseQueue) throws {
    let total = try copy.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM instance") ?? 0 }
    try progress.begin("copying and comparing files", total: total)
    var position: Int64 = 0
    while case let page = try copy.read({ try CheckedInstance.page(after: position, in: $0) }), let last = page.last {
      for instance in page {
        let fault = try bring(instance)
        try copy.write { database in
          try database.execute(
            sql: "UPDATE instance SET fault = ? WHERE id = ?",
            arguments: [fault == nil ? 0 : isQuarantined(instance.object) ? 2 : 1, instance.id])
        }
        if let fault { report.withoutFile.append("\(instance.sopInstanceUID): \(fault.rawValue)") }
        if fault == nil { report.instances += 1 }
        try progress.advance()
      }
      for shelf in Set(page.map { store.shelf(of: $0.object) }) { try FileObjectStore.syncDirectory(shelf) }
      position = last.id
    }
  }

  /// nil when the object's file is in its place and is what was received.
  private mutating func bring(_ instance: CheckedInstance) throws -> StoredFile.Fault? {
    guard ObjectKey(checking: instance.object.name) != nil else { return .missing }
    let progress = progress
    let there = try instance.file(at: store.path(of: instance.object)).fault { _ in try progress.advance(by: 0) }
    if there == nil || there == .wrongHead {
      if there == .wrongHead { _ = try instance.file(at: store.path(of: instance.object)).mendHead() }
      report.presentFiles += 1
      return nil
    }
    let temporary = store.incomingPath(of: .random())
    let file = try NewFile(at: temporary)
    var fault: StoredFile.Fault? = .missing
    // What a verification found damaged was perhaps read wrong then.
    for path in [source.path(of: instance.object), source.damagedPath(of: instance.object)] where fault == .missing {
      fault = try instance.file(at: path).fault { bytes in
        try file.write(bytes)
        try progress.advance(by: 0)
      }
    }
    // Left in its place, a damaged file would be taken for one that came back by the next start.
    if there == .wrongSize || there == .wrongDigest { try store.quarantineNow(instance.object) }
    if let fault, fault != .wrongHead { return there == .missing ? fault : there }
    if there == .unreadable { rename(store.path(of: instance.object), store.quarantinePath(of: instance.object)) }
    _ = try file.place(at: store.path(of: instance.object))
    if fault == .wrongHead { _ = try instance.file(at: store.path(of: instance.object)).mendHead() }
    report.copiedFiles += 1
    return nil
  }

  private func isQuarantined(_ key: ObjectKey) -> Bool { access(store.quarantinePath(of: key), F_OK) == 0 }

  private func putInPlace() throws {
    try progress.begin("putting the index in place")
    try aside.keep()
    guard rename(restoring, directory + "/index.sqlite") == 0 else { throw FileError("move", restoring) }
    try FileObjectStore.syncDirectory(directory)
  }
}

extension Restore {
  /// What the old index, if it can still be read, knows better: what was deleted, revoked and held since the backup. Where
  /// that cannot be written the restore fails: what is forgotten once is open again for good.
  private mutating func takeOver(into copy: DatabaseQueue) throws {
    guard let old = try aside.found(), try isReadable(old) else { return warnOfForgotten() }
    let carried = try RestoreCarrying(from: old).perform(into: copy)
    report.carriedOver = carried.tables
    try carryAudit(from: old, into: copy)
    if !carried.continues { warnOfAnotherIndex() }
    if !carried.leftOut.isEmpty {
      report.warnings.append(
        "A restore opens nothing: of what was added or widened after \(report.madeAt) these were not taken over: "
          + carried.leftOut.map { "\($0.count) \($0.kind)" }.joined(separator: ", ") + ".")
    }
    if !carried.misfits.isEmpty {
      report.warnings.append(
        "The index that was here was written by a later version of Collimator; of what it knows these could not be taken "
          + "over: \(carried.misfits.joined(separator: ", ")).")
    }
    let store = store
    let deleted = try copy.write { database in try RestoreCarrying.applyTombstones(in: database) }
    for name in deleted { unlink(store.path(of: ObjectKey(name: name))) }
    report.instances -= deleted.count
  }

  /// Whether it is a database at all, and whole. One that cannot be read at the moment may know what must not be forgotten.
  private func isReadable(_ old: String) throws -> Bool {
    do {
      // Opened alone first, so that what stands in its write-ahead log is seen.
      let queue = try DatabaseQueue(path: old)
      let isWhole = try LongReading(queue, progress).read { database in
        guard try String.fetchAll(database, sql: "PRAGMA quick_check(1)") == ["ok"] else { return false }
        // One of nothing, or of something else.
        return try database.tableExists("grdb_migrations")
      }
      try queue.close()
      return isWhole
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB {
      return false
    } catch let error as DatabaseError {
      throw ArchiveError(
        "the index that was here cannot be read: \(error.message ?? "SQLite says no more") (\(error.extendedResultCode)). "
          + "What was deleted and revoked since the backup stands in it: run collimator restore again when it can be. To "
          + "restore without, move '\(old)' out of the data directory first")
    }
  }

  /// What was recorded since the backup goes on where the backup's chain ends.
  private mutating func carryAudit(from old: String, into copy: DatabaseQueue) throws {
    switch try AuditCarrying(from: old).perform(into: copy) {
    case .carried(let count):
      report.auditNote = "\(count) audit records made since were taken over"
      if count > 0 { report.carriedOver.append("audit") }
    case .nothing: report.auditNote = "no audit records made since"
    case .diverged:
      report.auditNote = "the audit before it is another chain and stands in index.sqlite.before-restore"
      report.warnings.append("The audit that was here does not go on from the backup's: \(report.auditNote).")
    }
  }

  private mutating func warnOfForgotten() {
    report.auditNote = "what was recorded since could not be taken over"
    report.warnings += [
      "What was deleted after \(report.madeAt) is back, and nothing remembers that it was deleted.",
      "Grants that were revoked after \(report.madeAt) are in force again, and peers removed since are let in again.",
      "What the audit recorded after \(report.madeAt) is not in it any more: a checkpoint made since will say so.",
      "Grants, peers, groups and legal holds added after \(report.madeAt) are missing.",
    ]
  }

  private mutating func warnOfAnotherIndex() {
    report.warnings += [
      "The index that was here is not what became of the backup: it was begun anew, is older, or is another archive's. "
        + "Of it only deletions and legal holds were taken over; all of it stands in index.sqlite.before-restore.",
      "If the index that the backup was made of was lost, grants that were revoked after \(report.madeAt) are in force "
        + "again, and peers removed since are let in again.",
      "Grants, peers and groups added after \(report.madeAt) are missing.",
    ]
  }

  private mutating func settleGrants(in copy: DatabaseQueue) throws {
    let time = Archive.wallClock()
    let revokes = revokesGrants
    try copy.write { database in
      let user = "restore by \(Operator.current.name)"
      try RestoreCarrying.noteTakenOver(by: user, at: time, in: database)
      let review = ShareReview(by: user, because: "what the restore took over", at: time, in: database)
      try review.belongToGroups()
      try review.perform()
    }
    let (active, revoked) = try copy.write { database in
      let active = "state <> 'revoked' AND (until IS NULL OR until > \(time))"
      let count = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM access_grant WHERE \(active)") ?? 0
      guard revokes else { return (count, 0) }
      return (
        0,
        try GrantTable.revoke(
          where: active, StatementArguments(), because: "the restore", by: "restore by \(Operator.current.name)",
          at: time, in: database)
      )
    }
    report.activeGrants = active
    report.revokedGrants = revoked
    if active > 0 {
      report.warnings.append(
        "\(active) grants are in force: see collimator grant list. To begin with none, restore with --revoke-grants.")
    }
  }
}

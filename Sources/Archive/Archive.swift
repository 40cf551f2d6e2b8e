// SPDX-License-Identifier: Apache-2.0

// The importer of C files `struct stat` under this module where crypto packages are imported beside Glibc.
import CoreFoundation
import DICOMData
import Glibc
import GRDB

/// The instances of one data directory, their index, and who may see them.
package final class Archive: Sendable {
  private let lock: DirectoryLock
  private let store: ObjectStore
  let database: DatabasePool
  let identities: IdentityJudge
  let accessDirectory: AccessDirectory
  private let writer: IndexWriter
  private let threads = FileThreads()
  private let knocks = KnockRecorder()
  private let now: @Sendable () -> Double

  private init(
    lock: DirectoryLock, store: ObjectStore, database: DatabasePool, identity: IdentityOptions,
    now: @escaping @Sendable () -> Double
  ) {
    self.lock = lock
    self.store = store
    self.database = database
    self.now = now
    accessDirectory = AccessDirectory(database: database)
    writer = IndexWriter(database: database, now: now)
    identities = IdentityJudge(database: database, options: identity, now: now)
  }

  /// Opens a data directory, and makes it where there is none; what a crash left behind is set right first. Blocks.
  ///
  /// `now` gives the seconds since 1970 by which grants end, locks open and tokens expire.
  package static func open(
    directory: String, identity: IdentityOptions = IdentityOptions(),
    now: @escaping @Sendable () -> Double = Archive.wallClock
  ) throws -> Archive {
    try makeOrRequirePrivate(directory)
    let lock = try DirectoryLock(directory: directory)
    let store = ObjectStore(directory: directory)
    do {
      try store.prepare()
      let database = try openDatabase(at: directory + "/index.sqlite")
      try Recovery(store: store, database: database, now: now()).perform()
      return Archive(lock: lock, store: store, database: database, identity: identity, now: now)
    } catch let error as FileError {
      throw ArchiveError(error.description)
    } catch let error as DatabaseError {
      throw ArchiveError("the index of '\(directory)' cannot be opened: \(error.message ?? "SQLite says no")")
    }
  }

  package static let wallClock: @Sendable () -> Double = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Marks the directory as left in order; nothing may be asked of this archive afterwards.
  package func close() async throws {
    try await writeKnocks()
    try await database.write { database in try database.execute(sql: "UPDATE node SET was_closed = 1") }
    try database.close()
  }

  /// Patient data that others on the machine could read or change are refused rather than kept.
  private static func makeOrRequirePrivate(_ directory: String) throws(ArchiveError) {
    if mkdir(directory, 0o700) == 0 {
      // A new directory is lost in a power cut, with all in it, until its parent is synced.
      do throws(FileError) { try ObjectStore.syncDirectory(directory + "/..") } catch {
        throw ArchiveError(error.description)
      }
    } else if errno != EEXIST {
      throw ArchiveError(FileError("make", directory).description)
    }
    var status = stat()
    guard lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw ArchiveError("'\(directory)' is not a directory (a link to one is not followed)")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw ArchiveError("others may enter '\(directory)', which is to hold patient data: run chmod 700 on it")
    }
  }

  private static func openDatabase(at path: String) throws -> DatabasePool {
    var configuration = GRDB.Configuration()
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(5)
    // SQLite gives its side files the mode of the database: it has to be there, and private, before them.
    let created = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard created >= 0 else { throw FileError("create", path) }
    Glibc.close(created)
    let database = try DatabasePool(path: path, configuration: configuration)
    // GRDB sets NORMAL on its writer, which loses acknowledged commits in a power cut.
    let synchronous = try database.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA synchronous = FULL")
      return try Int.fetchOne(database, sql: "PRAGMA synchronous")
    }
    guard synchronous == 2 else { throw ArchiveError("SQLite does not take synchronous = FULL: nothing would be safe") }
    try Schema.migrator.migrate(database)
    return database
  }
}

extension Archive {
  /// Remembers who was turned away, and why; the same again is counted.
  package func recordKnock(callingAETitle: String, calledAETitle: String, address: String, reason: String) {
    knocks.record(
      callingAETitle: callingAETitle, calledAETitle: calledAETitle, address: address, reason: reason, at: now())
  }

  /// Puts on the disk what was remembered since the last time.
  package func writeKnocks() async throws {
    let taken = knocks.take()
    guard !taken.isEmpty else { return }
    try await database.write { database in try KnockTable.record(taken, in: database) }
  }

  package func receive(
    _ announcement: Announcement, from sender: Sender
  ) async throws(ReceptionError) -> Reception {
    try await Reception(announcement, from: sender, thread: threads.thread(), store: store, index: writer)
  }

  /// The only way to read what is stored: as somebody.
  package func reading(as caller: Caller) -> ArchiveReader {
    ArchiveReader(caller: caller, database: database, now: now)
  }

  package func administration(as user: Operator) -> Administration {
    Administration(
      user: user, database: database, passwords: identities.passwords, knocks: knocks, now: now)
  }
}

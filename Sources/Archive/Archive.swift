// SPDX-License-Identifier: Apache-2.0

// The importer of C files `struct stat` under this module where crypto packages are imported beside Glibc.
import CoreFoundation
package import Access
import DICOMData
import Glibc
import GRDB

/// The instances of one data directory, their index, and who may see them.
package final class Archive: Sendable {
  private let lock: DirectoryLock
  let store: FileObjectStore
  let database: DatabasePool
  let index: SQLiteIndex
  let identities: IdentityJudge
  let accessDirectory: AccessDirectory
  /// Who did what, and who was shown what.
  package let audit: AuditTrail
  private let accessGeneration: AccessGeneration
  var changes: ChangeWatch { index.changes }
  var checkpoints: LogCheckpoints { index.checkpoints }
  /// Pages and objects on their way to callers.
  package let disclosures = Disclosures()
  /// What the start found and set right.
  package let recovery: RecoveryReport
  private let surroundings: ReceptionSurroundings
  private let spare: SpareSpace
  private let threads = FileThreads()
  private let knocks = KnockRecorder()
  private let accesses = AccessRecorder()
  private let gate = OperationGate()
  private let damagedFiles: DamagedFiles
  private let provenFiles = ProvenFiles()
  let now: @Sendable () -> Double

  private init(
    lock: DirectoryLock, store: FileObjectStore, index: SQLiteIndex, spare: SpareSpace, recovery: RecoveryReport,
    options: ArchiveOptions, identity: IdentityOptions, now: @escaping @Sendable () -> Double
  ) {
    self.lock = lock
    self.store = store
    self.index = index
    self.spare = spare
    self.recovery = recovery
    self.now = now
    database = index.database
    damagedFiles = DamagedFiles(store: store, database: index.database)
    audit = index.audit
    surroundings = ReceptionSurroundings(
      store: store, index: index, layout: index.layout, gate: WriteGate(),
      space: SpaceWatch(directory: store.directory, reserve: options.reserve), samples: options.samples)
    accessDirectory = AccessDirectory(database: database)
    accessGeneration = AccessGeneration(database: database)
    identities = IdentityJudge(database: database, options: identity, now: now)
  }

  /// Opens a data directory, and makes it where there is none; what a crash left behind is set right first. Blocks.
  ///
  /// `now` gives the seconds since 1970 by which grants end, locks open and tokens expire.
  package static func open(
    directory: String, options: ArchiveOptions = ArchiveOptions(), identity: IdentityOptions = IdentityOptions(),
    now: @escaping @Sendable () -> Double = Archive.wallClock
  ) throws -> Archive {
    try DataDirectory.prepare(directory)
    return try open(
      directory: directory, holding: DirectoryLock(of: directory), options: options, identity: identity, now: now)
  }

  /// `lock`: of who owns the directory already.
  static func open(
    directory: String, holding lock: DirectoryLock, options: ArchiveOptions = ArchiveOptions(),
    identity: IdentityOptions = IdentityOptions(), now: @escaping @Sendable () -> Double = Archive.wallClock
  ) throws -> Archive {
    try RestoreMark.requireNone(directory)
    let store = FileObjectStore(
      directory: directory, arrivalsSegmentSize: options.arrivalsSegmentSize ?? ArrivalsLog.usualSegmentSize)
    let spare = SpareSpace(directory: directory, size: options.spareSpace)
    do {
      try store.prepare()
      let (database, layout) = try spare.during {
        try openDatabase(at: directory + "/index.sqlite", furtherKeys: options.furtherKeys)
      }
      ReindexScratch.sweep(directory: directory)
      let report = try spare.during {
        try Removal(store: store, database: database).perform()
        var recovery = Recovery(
          store: store, database: database, layout: layout, now: now(), comparesUpTo: options.comparesUpTo)
        return try recovery.perform()
      }
      spare.take()
      let records = SpareSpace(directory: directory, name: SpareSpace.forRecords, size: options.spareSpace)
      records.take()
      var index = try SQLiteIndex(
        database: database, layout: layout, audit: AuditTrail(database: database, spare: records, now: now),
        logPages: options.logPages, now: now)
      index.rewriting = options.rewriting
      index.pageSize = options.pageSize
      return Archive(
        lock: lock, store: store, index: index, spare: spare,
        recovery: report, options: options, identity: identity, now: now)
    } catch let error as FileError {
      throw ArchiveError(error.description)
    } catch let error as DatabaseError {
      if let damage = ArchiveError(damage: error) { throw damage }
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
    // What cannot be let go of is looked at by the next start.
    let store = store
    _ = try? await OperationThread.run { [damagedFiles] in
      damagedFiles.wait()
      _ = try store.arrivals.forget(isLast: true)
    }
    audit.noteCountedRefusals(all: true)
    await audit.flush()
    try await database.write { database in try database.execute(sql: "UPDATE node SET was_closed = 1") }
    defer { lock.release() }
    let closed = Result { try index.close() }
    try database.close()
    try closed.get()
  }

  private static func openDatabase(
    at path: String, furtherKeys: [FurtherKey]?
  ) throws -> (DatabasePool, IndexLayout) {
    var configuration = GRDB.Configuration()
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(5)
    // What questions take leaves as many to everybody else.
    configuration.maximumReaderCount = 8
    // SQLite gives its side files the mode of the database: it has to be there, and private, before them.
    let created = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard created >= 0 else { throw FileError("create", path) }
    Glibc.close(created)
    let database = try DatabasePool(path: path, configuration: configuration)
    // GRDB sets NORMAL on its writer, which loses acknowledged commits in a power cut.
    let synchronous = try database.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA synchronous = FULL")
      // Much is written by a migration; otherwise it is for `LogCheckpoints`, and this where that fails.
      try database.execute(sql: "PRAGMA wal_autocheckpoint = 20000")
      // In bytes. A log that grew longer than usual is cut to that once it went into the database.
      try database.execute(sql: "PRAGMA journal_size_limit = 41943040")
      // In KiB. Who was shown a hundred thousand studies is as many places in two indexes: two MiB would be written over and over.
      try database.execute(sql: "PRAGMA cache_size = -32768")
      return try Int.fetchOne(database, sql: "PRAGMA synchronous")
    }
    guard synchronous == 2 else { throw ArchiveError("SQLite does not take synchronous = FULL: nothing would be safe") }
    guard try !database.read(Schema.migrator.hasBeenSuperseded) else {
      throw ArchiveError(
        "'\(path)' was made by a later version of Collimator: run that one, or restore a backup of this one's elsewhere"
      )
    }
    try Schema.migrator.migrate(database)
    let layout = try database.write { database in
      let layout = IndexLayout(further: try FurtherKeyTable.settled(furtherKeys, in: database))
      try IndexColumns.complete(layout, in: database)
      return layout
    }
    return (database, layout)
  }
}

extension Archive {
  /// Remembers who was turned away, and why; the same again is counted.
  package func recordKnock(
    callingAETitle: String, calledAETitle: String, address: String, reason: String, isLogin: Bool = false
  ) {
    knocks.record(
      callingAETitle: callingAETitle, calledAETitle: calledAETitle, address: address, reason: reason, at: now())
    audit.noteRefusal(
      callingAETitle: callingAETitle, calledAETitle: calledAETitle, address: address, reason: reason,
      isLogin: isLogin)
  }

  /// Of a running node, every few seconds: puts on the disk what was remembered since the last time, and takes the spare again
  /// once there is room.
  package func keepHouse() async throws {
    try await writeKnocks()
    try await OperationThread.run { [spare, audit] in
      spare.take()
      audit.spare?.take()
    }
  }

  /// Puts on the disk what was remembered since the last time.
  private func writeKnocks() async throws {
    audit.noteCountedRefusals()
    try await OperationThread.run { [accesses, database] in try accesses.write(to: database) }
    let taken = knocks.take()
    guard !taken.isEmpty else { return }
    try await database.write { database in try KnockTable.record(taken, in: database) }
  }

  package func receive(
    _ announcement: Announcement, from sender: Sender
  ) async throws(ReceptionError) -> Reception {
    let arrival = Arrival(
      sender: sender.name, callingAETitle: announcement.callingAETitle, time: now(),
      defaultIssuer: try await defaultIssuer(of: sender), caller: sender.caller)
    return try Reception(
      announcement, arrival: arrival, from: AuditActor(sender, callingAETitle: announcement.callingAETitle),
      threads: threads, in: surroundings)
  }

  private func defaultIssuer(of sender: Sender) async throws(ReceptionError) -> String {
    switch sender {
    case .operator(_, let defaultIssuer): return (defaultIssuer ?? "").trimmed
    case .peer(let caller):
      do {
        return try await defaultIssuer(of: caller) ?? ""
      } catch {
        throw ReceptionError(.outOfResources, "the index cannot be read now")
      }
    }
  }

  /// The issuer of the Patient IDs that this peer sends or asks for without naming one; nil where none is set.
  package func defaultIssuer(of caller: Caller) async throws -> String? {
    try await accessDirectory.entries().defaultIssuers[caller.principal]
  }

  /// Why nothing is taken any more since the disk failed; nil while all is well.
  package var reasonForReadOnly: String? { surroundings.gate.reason }

  /// What may still be stored before the reserve is touched, in bytes; below zero nothing is taken.
  package var space: (room: Int?, reserve: Int) { (surroundings.space.room, surroundings.space.reserve) }

  /// Which of these objects are kept, in some version. An empty SOP Class UID stands for any: not every archive says it.
  package func kept(_ objects: [ReferencedObject]) async throws -> Set<ReferencedObject> {
    try await index.kept(objects)
  }

  /// The only way to read what is stored: as somebody.
  /// What is found asks for the right to query; `rights` is asked for of what is to be had: `.retrieve` to have it oneself,
  /// `.send` to have it sent to another.
  package func reading(as caller: Caller, for rights: GrantRights = .retrieve) -> ArchiveReader {
    ArchiveReader(
      caller: caller, rights: rights, index: index, store: store,
      generation: { [accessGeneration] in accessGeneration.current }, isLost: lostFiles.note,
      isDamaged: damagedFiles.note, proven: provenFiles)
  }

  private var lostFiles: LostFiles { LostFiles(store: store, database: database) }

  /// Performs what may take something away from somebody. When it returns, nothing more is told or sent by what was taken
  /// away: what was begun before is handed out, or a second went by.
  package func settling<Value>(
    within bound: Duration = .seconds(1), _ change: () async throws -> Value
  ) async rethrows -> Value {
    let before = accessGeneration.current
    let value = try await change()
    if accessGeneration.current != before { await disclosures.settle(within: bound) }
    return value
  }

  /// What an administrator sets right about whose a study is.
  package func corrections(as user: Operator) -> Corrections {
    Corrections(user: user, index: index, now: now)
  }

  /// Objects of one SOP Instance UID that say different things.
  package func conflicts(as user: Operator) -> Conflicts {
    Conflicts(user: user, index: index, store: store, now: now)
  }

  package func administration(as user: Operator) -> Administration {
    Administration(
      user: user, database: database, passwords: identities.passwords, knocks: knocks, now: now)
  }

  /// Remembers that a study was used now, for the retention rules; call it for each that is retrieved.
  package func noteAccess(studyInstanceUID: String) {
    accesses.note(studyInstanceUID, at: now())
  }

  /// Pictures of what is stored, and the thumbnails that are kept of it.
  package func pictures(as user: Operator) -> StoredPictures {
    StoredPictures(
      administration: administration(as: user), index: index, store: store,
      thumbnails: ThumbnailFiles(directory: store.directory),
      space: surroundings.space, arrivals: surroundings.arrivals)
  }

  package func operations(as user: Operator) -> ArchiveOperations {
    ArchiveOperations(
      user: user, directory: store.directory, store: store, index: index, audit: audit, gate: gate, spare: spare,
      accesses: accesses, now: now)
  }
}

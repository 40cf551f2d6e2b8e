// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// The index as SQLite tables.
struct SQLiteIndex: InstanceIndex {
  let database: DatabasePool
  let layout: IndexLayout
  let audit: AuditTrail
  /// Hears of whatever is written.
  let changes = ChangeWatch()
  private let threads: QueryThreads
  let checkpoints: LogCheckpoints
  private var memory = VisibilityMemory()
  private let known = KnownStatements()
  private let writer: IndexWriter
  /// Seconds since 1970 by which grants begin and end.
  var clock: @Sendable () -> Double
  /// How the clauses of the predicate are written: as they are, but where it is shown that each is missed.
  var rewriting = ClauseRewriting.none {
    didSet { memory = VisibilityMemory() }
  }
  var pageSize = QueryCompiler.pageSize

  init(
    database: DatabasePool, layout: IndexLayout, audit: AuditTrail, logPages: Int = LogCheckpoints.usualPages,
    now: @escaping @Sendable () -> Double
  ) throws {
    database.add(transactionObserver: changes, extent: .observerLifetime)
    checkpoints = try LogCheckpoints(path: database.path, pages: logPages)
    // Behind the other, which has to know at once that something was committed.
    database.add(transactionObserver: checkpoints, extent: .observerLifetime)
    threads = try QueryThreads(path: database.path, changes: changes, checkpoints: checkpoints)
    self.database = database
    self.layout = layout
    self.audit = audit
    clock = now
    writer = IndexWriter(
      database: database, layout: layout, audit: audit, rules: StandingRules(now: now), changes: changes)
  }

  nonisolated(nonsending) func add(
    _ record: InstanceRecord, compared: [ObjectKey: [UInt8]]
  ) async throws(IndexError) -> Addition {
    try await withCheckedContinuation { continuation in
      writer.add(record, compared: compared, once: nil) { continuation.resume(returning: $0) }
    }.get()
  }

  func add(
    _ record: InstanceRecord, once keeping: Keeping, then: @escaping @Sendable (Result<Addition, IndexError>) -> Void
  ) {
    writer.add(record, compared: [:], once: keeping, then: then)
  }

  func matches(of query: FindQuery, as caller: Caller, after mark: PageMark?) async throws(IndexError) -> FindPage {
    try await Self.page(reading(query, as: caller, after: mark))
  }

  func beginMatches(
    of query: FindQuery, as caller: Caller
  ) -> BegunMatches {
    let reading = reading(query, as: caller, after: nil)
    return BegunMatches {
      reading.isSettled
    } page: { () async throws(IndexError) in
      try await Self.page(reading)
    }
  }

  func briefMatches(of query: FindQuery, as caller: Caller) -> FindPage? {
    threads.readBriefly(page(query, as: caller, after: nil))
  }

  private func reading(_ query: FindQuery, as caller: Caller, after mark: PageMark?) -> QueryReading<FindPage> {
    threads.begin(page(query, as: caller, after: mark))
  }

  private func page(
    _ query: FindQuery, as caller: Caller, after mark: PageMark?
  ) -> @Sendable (Database, Int?) throws -> FindPage {
    let question = question(caller, .query)
    return { [layout, memory, known] database, read in
      try Self.page(
        of: query, in: layout, for: memory.visibility(question, reading: read, in: database), after: mark, known,
        in: database)
    }
  }

  private static func page(_ reading: QueryReading<FindPage>) async throws(IndexError) -> FindPage {
    do {
      return try await reading.value()
    } catch {
      throw IndexError(reading: error)
    }
  }

  func instances(
    in selection: InstanceSelection, as caller: Caller, for rights: GrantRights, after mark: PageMark?
  ) async throws(IndexError) -> InstancePage {
    let compiler = SelectionCompiler(selection)
    let question = question(caller, rights)
    return try await read { [layout] database in
      let visibility = try Visibility(question, in: database)
      let rows = try compiler.rows(layout, visibility, after: mark?.value ?? 0, in: database)
      var (instances, ids) = ([ServedInstance](), [Int64]())
      while let row = try rows.next() {
        ids.append(row.integer(0))
        instances.append(ServedInstance(row, layout: layout, after: instances.last))
      }
      let isLast = ids.count < SelectionCompiler.pageSize(visibility)
      return InstancePage(
        instances: instances, next: isLast ? nil : ids.last.map { PageMark(value: $0) },
        disclosure: try AuditDisclosure(of: instances, withIDs: ids, to: visibility, in: database))
    }
  }

  func issuers(
    ofPatientID id: String, as caller: Caller, for rights: GrantRights
  ) async throws(IndexError) -> [String] {
    let question = question(caller, rights)
    return try await read { database in
      let visibility = try Visibility(question, in: database)
      return try String.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT issuer FROM patient WHERE patient_id = ? AND sole_study = '' AND EXISTS (
              SELECT 1 FROM study JOIN series ON series.study = study.id JOIN instance ON instance.series = series.id
              WHERE study.patient = patient.id AND \(visibility.instance)) ORDER BY issuer
            """),
        arguments: visibility.arguments + StatementArguments([MatchingForm.storable(id)]))
    }
  }

  /// Blocks until what was asked is read; nothing may be asked any more.
  func close() throws {
    let closed = Result { try threads.close() }
    try checkpoints.close()
    try closed.get()
  }

  private func question(_ caller: Caller, _ rights: GrantRights) -> Question {
    Question(caller: caller, rights: rights, now: clock(), rewriting: rewriting, pageSize: pageSize)
  }

  func kept(_ objects: [ReferencedObject]) async throws(IndexError) -> Set<ReferencedObject> {
    try await read { database in
      let statement = try database.cachedStatement(
        sql: "SELECT 1 FROM instance WHERE v_00080018 = ?1 AND (v_00080016 = ?2 OR ?2 = '') AND fault = 0 LIMIT 1")
      var found: Set<ReferencedObject> = []
      for object in objects {
        let uids = [object.sopInstanceUID, object.sopClassUID].map(MatchingForm.storable)
        if try Int.fetchOne(statement, arguments: StatementArguments(uids)) != nil { found.insert(object) }
      }
      return found
    }
  }

  private func read<Value: Sendable>(
    _ body: @Sendable @escaping (Database) throws -> Value
  ) async throws(IndexError) -> Value {
    do {
      return try await database.read(body)
    } catch {
      throw IndexError(reading: error)
    }
  }
}

extension IndexError {
  /// What was asked while a task is cancelled is not answered, and says nothing of the index.
  fileprivate init(reading error: any Error) {
    let isCancelled = error is CancellationError || (error as? DatabaseError)?.resultCode == .SQLITE_INTERRUPT
    self.init(isCancelled ? .busy : .impossible, "the index cannot be read: \(Self.words(for: error))")
  }

  /// After an I/O error a commit may be on the disk or not, and the pages that the kernel could not write may be lost
  /// without a further word.
  init(writing error: any Error) {
    let words = "the index cannot be written: \(Self.words(for: error))"
    guard let error = error as? DatabaseError else {
      self.init(.impossible, words)
      return
    }
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_INTERRUPT: self.init(.busy, words)
    case .SQLITE_FULL, .SQLITE_NOMEM: self.init(.exhausted, words)
    case .SQLITE_CANTOPEN: self.init(.exhausted, words)
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: self.init(.readOnly, words)
    case .SQLITE_IOERR, .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_PROTOCOL: self.init(.untrustworthy, words)
    default: self.init(.impossible, words)
    }
  }

  /// Without the statement and its arguments: they may name a patient.
  private static func words(for error: any Error) -> String {
    guard let error = error as? DatabaseError else { return "\(type(of: error))" }
    return "\(error.extendedResultCode): \(error.message ?? "SQLite says no more")"
  }
}

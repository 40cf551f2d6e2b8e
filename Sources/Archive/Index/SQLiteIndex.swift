// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// The index as SQLite tables.
struct SQLiteIndex: InstanceIndex {
  let database: DatabasePool
  let layout: IndexLayout
  private let threads = QueryThreads()
  private let writer: IndexWriter
  private let now: @Sendable () -> Double

  init(database: DatabasePool, layout: IndexLayout, now: @escaping @Sendable () -> Double) {
    self.database = database
    self.layout = layout
    self.now = now
    writer = IndexWriter(database: database, layout: layout)
  }

  func add(_ record: InstanceRecord, compared: [ObjectKey: [UInt8]]) async throws(IndexError) -> Addition {
    try await writer.add(record, compared: compared)
  }

  func matches(of query: FindQuery, as caller: Caller, after mark: PageMark?) async throws(IndexError) -> FindPage {
    let compiler = QueryCompiler(query, layout: layout)
    let visibility = Visibility(caller: caller, now: now())
    do {
      return try await threads.read(database) { database in
        try Self.page(of: compiler, for: visibility, after: mark, in: database)
      }
    } catch {
      throw IndexError(reading: error)
    }
  }

  func instances(
    in selection: InstanceSelection, as caller: Caller, after mark: PageMark?
  ) async throws(IndexError) -> InstancePage {
    let compiler = SelectionCompiler(selection)
    let visibility = Visibility(caller: caller, now: now())
    return try await read { database in
      let rows = try Row.fetchAll(
        database.cachedStatement(sql: compiler.sql(layout)),
        arguments: compiler.arguments(for: visibility, after: mark?.value ?? 0))
      let isLast = rows.count < SelectionCompiler.pageSize
      return InstancePage(
        instances: try rows.map { try ServedInstance($0, layout: layout) },
        next: isLast ? nil : rows.last.map { PageMark(value: $0[0]) })
    }
  }

  func issuers(ofPatientID id: String, as caller: Caller) async throws(IndexError) -> [String] {
    let visibility = Visibility(caller: caller, now: now())
    return try await read { database in
      try String.fetchAll(
        database,
        sql: """
          \(Visibility.preamble)
          SELECT issuer FROM patient WHERE patient_id = ? AND sole_study = '' AND EXISTS (
            SELECT 1 FROM study WHERE study.patient = patient.id AND \(Visibility.condition)
              AND \(SelectionCompiler.hasSomething)) ORDER BY issuer
          """,
        arguments: StatementArguments(visibility.arguments + [MatchingForm.storable(id).databaseValue]))
    }
  }

  func kept(_ objects: [ReferencedObject]) async throws(IndexError) -> Set<ReferencedObject> {
    try await read { database in
      let statement = try database.cachedStatement(
        sql: "SELECT 1 FROM instance WHERE v_00080018 = ? AND v_00080016 = ? AND fault = 0 LIMIT 1")
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
    self.init(error is CancellationError ? .busy : .impossible, "the index cannot be read: \(Self.words(for: error))")
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

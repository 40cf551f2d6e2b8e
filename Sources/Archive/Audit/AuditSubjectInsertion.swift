// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

/// Writes the subjects of records straight into SQLite: an answer may be about a hundred thousand studies, and what a
/// statement's arguments and observers cost for each is several times what the row does. No observer asks for these tables.
struct AuditSubjectInsertion {
  private let database: Database
  private let statement: Statement

  private static let sql = DirectStatement.insertion(into: "audit_subject", AuditTable.subjectColumns)
  /// SQLite takes no address for NULL: an empty text needs one.
  private static let nothing: StaticString = ""

  init(in database: Database) throws {
    self.database = database
    statement = try database.cachedStatement(sql: Self.sql)
  }

  /// In the order in which they are hashed: `AuditTable.subjectColumns`.
  func insert(_ subjects: [AuditSubject], of record: Int64, into digest: inout AuditDigest) throws {
    for (ordinal, subject) in subjects.enumerated() {
      let texts = [
        subject.patientID, subject.issuer, subject.studyInstanceUID, AuditInstances.text(subject.instances),
      ].map(MatchingForm.storable)
      digest.add(record)
      digest.add(Int64(ordinal))
      for text in texts { digest.add(text) }
      try insert(record, Int64(ordinal), texts)
    }
  }

  private func insert(_ record: Int64, _ ordinal: Int64, _ texts: [String]) throws {
    let handle = statement.sqliteStatement
    defer {
      sqlite3_reset(handle)
      sqlite3_clear_bindings(handle)
    }
    sqlite3_bind_int64(handle, 1, record)
    sqlite3_bind_int64(handle, 2, ordinal)
    guard try step(handle, binding: texts[...], at: 3) == SQLITE_DONE else {
      throw DatabaseError(
        resultCode: ResultCode(rawValue: sqlite3_extended_errcode(database.sqliteConnection)),
        message: database.lastErrorMessage)
    }
  }

  /// Bound where they are, not copied: the row is written while they are held.
  private func step(_ handle: SQLiteStatement, binding texts: ArraySlice<String>, at place: Int32) throws -> Int32 {
    guard var text = texts.first else { return sqlite3_step(handle) }
    return try text.withUTF8 { bytes in
      let address = UnsafeRawPointer(bytes.baseAddress ?? Self.nothing.utf8Start).assumingMemoryBound(to: CChar.self)
      guard sqlite3_bind_text(handle, place, address, Int32(clamping: bytes.count), nil) == SQLITE_OK else {
        return SQLITE_TOOBIG
      }
      return try step(handle, binding: texts.dropFirst(), at: place + 1)
    }
  }
}

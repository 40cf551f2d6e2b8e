// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

/// The values of one row on its way into SQLite, gathered in one piece of memory and bound where they are.
struct RowValues {
  fileprivate enum Cell {
    case null
    case integer(Int64)
    case real(Double)
    case text(Range<Int>)
    case blob(Range<Int>)
  }

  fileprivate private(set) var cells: [Cell] = []
  fileprivate private(set) var bytes: [UInt8] = []

  /// `columns`: about how many there will be; `size`: about how many bytes in texts and blobs.
  init(columns: Int, size: Int) {
    cells.reserveCapacity(columns)
    bytes.reserveCapacity(size)
  }

  mutating func add(_ integer: Int64?) { cells.append(integer.map { .integer($0) } ?? .null) }

  mutating func add(_ real: Double) { cells.append(.real(real)) }

  mutating func add(_ text: String) { cells.append(.text(room(for: text.utf8))) }

  mutating func add(blob: [UInt8]?) { cells.append(blob.map { .blob(room(for: $0)) } ?? .null) }

  private mutating func room(for content: some Sequence<UInt8>) -> Range<Int> {
    let begin = bytes.count
    bytes.append(contentsOf: content)
    return begin..<bytes.count
  }
}

/// A statement that is carried out straight in SQLite: what a statement's arguments and observers cost for each row is
/// several times what the row does. No observer hears of it: who writes what one asks for says so, by `notifyChanges`.
struct DirectStatement {
  private let database: Database
  private let statement: Statement

  /// SQLite takes no address for NULL: an empty text needs one.
  private static let nothing: StaticString = ""

  init(_ sql: String, in database: Database) throws {
    self.database = database
    statement = try database.cachedStatement(sql: sql)
  }

  static func insertion(into table: String, _ columns: [String]) -> String {
    let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
  }

  /// Returns the first column of the first row, nil where there is none.
  @discardableResult
  func perform(_ values: RowValues) throws -> Int64? {
    let handle = statement.sqliteStatement
    return try values.bytes.withUnsafeBytes { bytes in
      // While the bytes are where they were bound.
      defer {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
      }
      for (place, cell) in zip(Int32(1)..., values.cells) where Self.bind(cell, bytes, to: handle, place) != SQLITE_OK {
        throw failure
      }
      var found: Int64?
      var outcome = sqlite3_step(handle)
      while outcome == SQLITE_ROW {
        found = found ?? sqlite3_column_int64(handle, 0)
        outcome = sqlite3_step(handle)
      }
      guard outcome == SQLITE_DONE else { throw failure }
      return found
    }
  }

  private static func bind(
    _ cell: RowValues.Cell, _ bytes: UnsafeRawBufferPointer, to handle: SQLiteStatement, _ place: Int32
  ) -> Int32 {
    func address(of range: Range<Int>) -> UnsafeRawPointer {
      bytes.baseAddress.map { $0 + range.lowerBound } ?? UnsafeRawPointer(nothing.utf8Start)
    }
    switch cell {
    case .null: return sqlite3_bind_null(handle, place)
    case .integer(let integer): return sqlite3_bind_int64(handle, place, integer)
    case .real(let real): return sqlite3_bind_double(handle, place, real)
    case .text(let range):
      let text = address(of: range).assumingMemoryBound(to: CChar.self)
      return sqlite3_bind_text(handle, place, text, Int32(clamping: range.count), nil)
    case .blob(let range):
      return sqlite3_bind_blob(handle, place, address(of: range), Int32(clamping: range.count), nil)
    }
  }

  private var failure: DatabaseError {
    DatabaseError(
      resultCode: ResultCode(rawValue: sqlite3_extended_errcode(database.sqliteConnection)),
      message: database.lastErrorMessage)
  }
}

// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

extension SQLiteIndex {
  /// One page of a question, judged and copied while the statement goes on.
  static func page(
    of compiler: QueryCompiler, for visibility: Visibility, after mark: PageMark?, in database: Database
  ) throws -> FindPage {
    let (sql, arguments) = compiler.statement(for: visibility, after: mark)
    let statement = try database.cachedStatement(sql: sql)
    let cursor = try Row.fetchCursor(statement, arguments: arguments)
    let width = compiler.columns.width
    var bytes: [UInt8] = []
    var ends: [Int] = []
    ends.reserveCapacity(width * min(compiler.limit, 64))
    var count = 0
    var last = mark ?? PageMark(value: 0)
    while try cursor.next() != nil {
      let row = SelectedRow(statement: statement.sqliteStatement)
      count += 1
      last = PageMark(value: row.integer(0), key: row.text(1))
      guard compiler.judges.allSatisfy({ $0.matches { row.text(QueryCompiler.firstValue + $0) } }) else { continue }
      for column in 0..<width {
        row.append(QueryCompiler.firstValue + column, to: &bytes)
        ends.append(bytes.count)
      }
    }
    return FindPage(
      values: FindValues(columns: compiler.columns, bytes: bytes, ends: ends),
      next: compiler.next(after: last, mark: mark, count: count))
  }
}

/// The row on which a statement stands, read where SQLite has it.
private struct SelectedRow {
  let statement: SQLiteStatement

  func integer(_ column: Int) -> Int64 { sqlite3_column_int64(statement, Int32(clamping: column)) }

  func text(_ column: Int) -> String {
    withBytes(column) { String(decoding: $0, as: UTF8.self) }
  }

  func append(_ column: Int, to bytes: inout [UInt8]) {
    withBytes(column) { bytes.append(contentsOf: $0) }
  }

  private func withBytes<Value>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
    let column = Int32(clamping: column)
    // The text first: asking for it may change how many bytes it has.
    let text = sqlite3_column_text(statement, column)
    return body(UnsafeBufferPointer(start: text, count: text == nil ? 0 : Int(sqlite3_column_bytes(statement, column))))
  }
}

// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

/// The row on which a statement stands, read where SQLite has it.
struct SelectedRow {
  let statement: SQLiteStatement

  func integer(_ column: Int) -> Int64 { sqlite3_column_int64(statement, Int32(clamping: column)) }

  func text(_ column: Int) -> String {
    withBytes(column) { String(decoding: $0, as: UTF8.self) }
  }

  /// Whether a column is just this text.
  func has(_ text: String, in column: Int) -> Bool {
    withBytes(column) { $0.elementsEqual(text.utf8) }
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

// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

/// The rows of a statement that reads, stepped and read where SQLite has them, without what GRDB keeps of each statement's
/// arguments and columns' names: of a question by a key that was half the work.
final class SelectedRows {
  private let statement: Statement
  private let sql: String
  private var isOver = false

  /// `named`: by the names without their colon; what the statement does not ask for is left out. `values`: of the `?` in their
  /// order. Throws where one is missing.
  init(
    _ sql: String, named: [String: DatabaseValue] = [:], values: [DatabaseValue] = [], in database: Database
  ) throws {
    self.sql = sql
    statement = try database.cachedStatement(sql: sql)
    try bind(named, values)
  }

  deinit {
    // What it says is how the last step ended. The statement is kept, and a list of UIDs would be with it.
    sqlite3_reset(statement.sqliteStatement)
    sqlite3_clear_bindings(statement.sqliteStatement)
  }

  /// The row is there until the next one is asked for.
  func next() throws -> SelectedRow? {
    // A step behind the last row would begin anew.
    guard !isOver else { return nil }
    let code = sqlite3_step(statement.sqliteStatement)
    isOver = code != SQLITE_ROW
    switch code {
    case SQLITE_ROW: return SelectedRow(statement: statement.sqliteStatement)
    case SQLITE_DONE: return nil
    default: throw failure(code)
    }
  }

  private func bind(_ named: [String: DatabaseValue], _ values: [DatabaseValue]) throws {
    let handle = statement.sqliteStatement
    sqlite3_reset(handle)
    var unnamed = values.makeIterator()
    for place in 1..<(1 + max(sqlite3_bind_parameter_count(handle), 0)) {
      let name = sqlite3_bind_parameter_name(handle, place).map { String(cString: $0 + 1) }
      guard let value = name.map({ named[$0] }) ?? unnamed.next() else { throw failure(SQLITE_MISUSE) }
      let code = value.bind(to: handle, at: place)
      guard code == SQLITE_OK else { throw failure(code) }
    }
  }

  private func failure(_ code: CInt) -> DatabaseError {
    let connection = sqlite3_db_handle(statement.sqliteStatement)
    return DatabaseError(
      resultCode: ResultCode(rawValue: code), message: sqlite3_errmsg(connection).map { String(cString: $0) }, sql: sql)
  }
}

// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

/// SQL functions of a column and a list of values, both divided by backslashes. The list is taken apart once in a statement,
/// however many rows there are; what a row costs is what it has itself. In SQL alone each row goes through the whole list
/// wherever a column has several values, or the question stands in an EXISTS.
enum ValueListFunction: Int, CaseIterable {
  /// The column as a whole is one of the list.
  case isOneOf = 1
  /// One of the column's values is one of the list.
  case holdsOneOf
  /// Each of the list is one of the column's values.
  case holdsAllOf

  private var name: String {
    switch self {
    case .isOneOf: "is_one_of"
    case .holdsOneOf: "holds_one_of"
    case .holdsAllOf: "holds_all_of"
    }
  }

  /// To be bound beside: `list(of:)`.
  func condition(on column: String) -> String { "\(name)(\(column), ?)" }

  static func list(of values: [String]) -> String { values.joined(separator: "\\") }

  /// On a connection that reads questions.
  static func addAll(to database: Database) throws {
    for function in allCases {
      let code = sqlite3_create_function_v2(
        database.sqliteConnection, function.name, 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
        UnsafeMutableRawPointer(bitPattern: function.rawValue), judge, nil, nil, nil)
      guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }
  }

  fileprivate func holds(_ stored: UnsafeBufferPointer<UInt8>, among sought: SoughtValues) -> Bool {
    guard self != .isOneOf else { return sought.values.contains(ValueBytes(stored)) }
    let values = stored.split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false)
    guard self == .holdsAllOf else {
      return values.contains { sought.values.contains(ValueBytes(UnsafeBufferPointer(rebasing: $0))) }
    }
    guard sought.values.count <= values.count else { return false }
    return sought.values.isSubset(of: values.map { ValueBytes(UnsafeBufferPointer(rebasing: $0)) })
  }
}

private let judge: @convention(c) (OpaquePointer?, CInt, UnsafeMutablePointer<OpaquePointer?>?) -> Void = {
  context, count, arguments in
  guard count == 2, let arguments, let stored = text(arguments[0]),
    let function = ValueListFunction(rawValue: Int(bitPattern: sqlite3_user_data(context)))
  else { return sqlite3_result_int(context, 0) }
  let sought: SoughtValues
  if let known = sqlite3_get_auxdata(context, 1) {
    sought = Unmanaged<SoughtValues>.fromOpaque(known).takeUnretainedValue()
  } else {
    sought = SoughtValues(text(arguments[1]))
    // SQLite lets go of it when the statement ends, or at once where it has no room for it.
    sqlite3_set_auxdata(context, 1, Unmanaged.passRetained(sought).toOpaque()) { known in
      if let known { Unmanaged<SoughtValues>.fromOpaque(known).release() }
    }
  }
  sqlite3_result_int(context, function.holds(stored, among: sought) ? 1 : 0)
}

/// nil for NULL. It is there until the function returns.
private func text(_ value: OpaquePointer?) -> UnsafeBufferPointer<UInt8>? {
  // The text first: asking for it may change how many bytes it has.
  guard let text = sqlite3_value_text(value) else { return nil }
  return UnsafeBufferPointer(start: text, count: Int(sqlite3_value_bytes(value)))
}

/// A list, taken apart.
private final class SoughtValues: Sendable {
  let values: Set<ValueBytes>

  init(_ list: UnsafeBufferPointer<UInt8>?) {
    values = Set(
      list?.split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false)
        .map { ValueBytes(UnsafeBufferPointer(rebasing: $0)) } ?? [])
  }
}

/// A value as SQLite compares it: by its bytes.
private struct ValueBytes: Hashable, Sendable {
  private let bytes: [UInt8]

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = Array(bytes)
  }

  func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}

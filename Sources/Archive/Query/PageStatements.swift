// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The rows of a page in their order: of patients of whom nothing is contradicted, and of the others as this caller is told of
/// them. Nearly always there is but one statement.
struct PageStatements {
  let compiler: QueryCompiler
  private var rows: Source
  private var voices: Source?

  init(
    _ query: FindQuery, _ layout: IndexLayout, _ visibility: Visibility, after mark: PageMark?, in database: Database
  ) throws {
    let isApart = try Self.isNeeded(visibility, in: database)
    compiler = QueryCompiler(query, layout: layout, visibility: visibility, isApart: isApart)
    let named = compiler.isBroad ? try visibility.namedStudies(in: database) : nil
    rows = try Source(compiler.statement(after: mark, within: named), in: database)
    guard isApart else { return }
    let other = QueryCompiler(query, layout: layout, visibility: visibility.telling(from: .voices), isApart: true)
    voices = try Source(other.statement(after: mark, within: named), in: database)
  }

  /// The row is there until the next one is asked for.
  mutating func next() throws -> SelectedRow? {
    guard voices != nil else { return try rows.take() }
    let (one, other) = (try rows.peek(), try voices?.peek())
    guard let one else { return try voices?.take() }
    guard let other, Self.isBefore(other, one) else { return try rows.take() }
    return try voices?.take()
  }

  /// As SQLite has them in order: by the key's bytes, then the number.
  private static func isBefore(_ one: SelectedRow, _ other: SelectedRow) -> Bool {
    let (key, otherKey) = (one.text(1).utf8, other.text(1).utf8)
    guard key.elementsEqual(otherKey) else { return key.lexicographicallyPrecedes(otherKey) }
    return one.integer(0) < other.integer(0)
  }

  private static func isNeeded(_ visibility: Visibility, in database: Database) throws -> Bool {
    let sql =
      visibility.leastContradiction == 2
      ? "SELECT 1 FROM patient WHERE is_contradicted = 2 LIMIT 1"
      : "SELECT 1 FROM patient WHERE is_contradicted > 0 LIMIT 1"
    return try Int.fetchOne(database.cachedStatement(sql: sql)) != nil
  }

  /// A statement, and whether it stands on a row that was not taken yet.
  private struct Source {
    private let statement: Statement
    private let cursor: RowCursor
    private var isPeeked = false
    private var isOver = false

    init(_ compiled: (sql: String, arguments: StatementArguments), in database: Database) throws {
      statement = try database.cachedStatement(sql: compiled.sql)
      cursor = try Row.fetchCursor(statement, arguments: compiled.arguments)
    }

    mutating func peek() throws -> SelectedRow? {
      if !isPeeked, !isOver {
        isPeeked = try cursor.next() != nil
        isOver = !isPeeked
      }
      return isPeeked ? SelectedRow(statement: statement.sqliteStatement) : nil
    }

    mutating func take() throws -> SelectedRow? {
      defer { isPeeked = false }
      return try peek()
    }
  }
}

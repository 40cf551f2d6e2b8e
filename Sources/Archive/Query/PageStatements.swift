// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The rows of a page in their order: of patients of whom nothing is contradicted, and of the others as this caller is told of
/// them. Nearly always there is but one statement.
struct PageStatements {
  let compiler: QueryCompiler
  private var rows: Source
  private var voices: Source?

  init(
    _ query: FindQuery, _ layout: IndexLayout, _ visibility: Visibility, after mark: PageMark?,
    _ known: KnownStatements, in database: Database
  ) throws {
    let isApart = try visibility.meetsContradictions ?? visibility.findsContradictions(in: database)
    if !isApart, let statement = known.statement(query, visibility, after: mark) {
      compiler = statement.compiler
      rows = try Source((statement.sql, statement.values), visibility, in: database)
      return
    }
    compiler = QueryCompiler(query, layout: layout, visibility: visibility, isApart: isApart, after: mark)
    let named = compiler.isBroad ? try visibility.namedStudies(in: database) : nil
    let (sql, values) = compiler.statement(within: named)
    rows = try Source((sql, values), visibility, in: database)
    guard isApart else {
      if mark == nil { known.keep(.init(compiler: compiler, sql: sql, values: values), of: query, visibility) }
      return
    }
    let other = QueryCompiler(
      query, layout: layout, visibility: visibility.telling(from: .voices), isApart: true, after: mark)
    voices = try Source(other.statement(within: named), visibility, in: database)
  }

  /// The row is there until the next one is asked for.
  mutating func next() throws -> SelectedRow? {
    guard voices != nil else { return try rows.take() }
    let (one, other) = (try rows.peek(), try voices?.peek())
    guard let one else { return try voices?.take() }
    guard let other, compiler.order.isBefore(other, one) else { return try rows.take() }
    return try voices?.take()
  }

  /// Rows, and whether they stand on one that was not taken yet.
  private struct Source {
    private let rows: SelectedRows
    private var peeked: SelectedRow?

    init(_ compiled: (sql: String, values: [DatabaseValue]), _ visibility: Visibility, in database: Database) throws {
      rows = try SelectedRows(compiled.sql, named: visibility.named, values: compiled.values, in: database)
    }

    mutating func peek() throws -> SelectedRow? {
      if peeked == nil { peeked = try rows.next() }
      return peeked
    }

    mutating func take() throws -> SelectedRow? {
      defer { peeked = nil }
      return try peek()
    }
  }
}

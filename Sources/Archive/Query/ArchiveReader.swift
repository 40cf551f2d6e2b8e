// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// The archive as one caller sees it. There is no other way to read it.
package struct ArchiveReader: Sendable {
  private let caller: Caller
  private let database: DatabasePool
  private let now: @Sendable () -> Double

  init(caller: Caller, database: DatabasePool, now: @escaping @Sendable () -> Double) {
    self.caller = caller
    self.database = database
    self.now = now
  }

  /// The matches, page by page; each page asks the grants anew.
  package func find(_ query: FindQuery) -> FindPages {
    FindPages(reader: self, compiler: QueryCompiler(query))
  }

  fileprivate func page(_ compiler: QueryCompiler, after lastID: Int64) async throws -> (page: FindPage, lastID: Int64)
  {
    let statement = compiler.statement(for: Visibility(caller: caller, now: now()), after: lastID)
    return try await database.read { database in
      var rows: [FindRow] = []
      var last = lastID
      var count = 0
      let cursor = try Row.fetchCursor(
        database.cachedStatement(sql: statement.sql), arguments: statement.arguments)
      while let row = try cursor.next() {
        count += 1
        last = row[0]
        if compiler.wildcards.allSatisfy({ wildcard in
          wildcard.pattern.matches(
            anyOf: (row[wildcard.column] as String? ?? "").split(separator: "\\", omittingEmptySubsequences: false))
        }) {
          rows.append(FindRow(row, compiler))
        }
      }
      return (FindPage(rows: rows, isLast: count < QueryCompiler.pageSize), last)
    }
  }

  /// The pages of one question, read as they are asked for; nothing stays open in between.
  package struct FindPages: AsyncSequence, Sendable {
    package typealias Element = FindPage

    fileprivate let reader: ArchiveReader
    fileprivate let compiler: QueryCompiler

    package func makeAsyncIterator() -> Iterator {
      Iterator(pages: self)
    }

    package struct Iterator: AsyncIteratorProtocol {
      fileprivate let pages: FindPages
      private var lastID: Int64 = 0
      private var isOver = false

      fileprivate init(pages: FindPages) {
        self.pages = pages
      }

      package mutating func next() async throws -> FindPage? {
        guard !isOver else { return nil }
        let (page, last) = try await pages.reader.page(pages.compiler, after: lastID)
        lastID = last
        isOver = page.isLast
        return page
      }
    }
  }
}

extension FindRow {
  fileprivate init(_ row: Row, _ compiler: QueryCompiler) {
    values = compiler.columnOfTag.mapValues { column in
      let text: String
      switch (row[column] as DatabaseValue).storage {
      case .string(let string): text = string
      case .int64(let integer): text = String(integer)
      default: text = ""
      }
      return text.isEmpty ? [] : text.split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
    }
    .merging(compiler.collectedValues(in: row)) { _, sorted in sorted }
  }
}

extension QueryCompiler {
  /// What was collected from series or instances has no order of its own.
  fileprivate func collectedValues(in row: Row) -> [Tag: [String]] {
    var collected: [Tag: [String]] = [:]
    for tag in [Tag.modalitiesInStudy, .sopClassesInStudy] {
      guard let column = columnOfTag[tag] else { continue }
      collected[tag] = (row[column] as String? ?? "").split(separator: "\\").map(String.init).sorted()
    }
    return collected
  }
}

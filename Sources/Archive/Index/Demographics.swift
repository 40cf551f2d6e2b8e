// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// What is said of a patient beside ID and issuer, by column of `study`, the forms that are matched among them.
struct Demographics: Sendable, Equatable {
  private(set) var values: [String: String]

  subscript(column: String) -> String? { values[column] }

  /// Of the values of a study's row.
  init(_ study: [String], layout: IndexLayout) {
    let wanted = Set(Self.columns(layout))
    values = Dictionary(
      zip(layout.columns(of: "study"), study).filter { wanted.contains($0.0) }, uniquingKeysWith: { first, _ in first })
  }

  init(json: String) throws {
    values = try JSONDecoder().decode([String: String].self, from: Data(json.utf8))
  }

  /// Of a study's row as it stands.
  init?(study: Int64, layout: IndexLayout, in database: Database) throws {
    let columns = Self.columns(layout)
    let row = try Row.fetchOne(
      database, sql: "SELECT \(columns.joined(separator: ", ")) FROM study WHERE id = ?", arguments: [study])
    guard let row else { return nil }
    values = Dictionary(
      columns.enumerated().map { ($1, row[$0] as String) }, uniquingKeysWith: { first, _ in first })
  }

  /// Nothing is known.
  init(emptyFor layout: IndexLayout) {
    values = Dictionary(Self.columns(layout).map { ($0, "") }, uniquingKeysWith: { first, _ in first })
  }

  mutating func set(_ attribute: IndexedAttribute, _ value: String) {
    for (column, stored) in attribute.columns(of: [value]) { values[column] = stored }
  }

  static func columns(_ layout: IndexLayout) -> [String] {
    layout.demographics.flatMap { $0.columns(of: []).map(\.name) }
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(values), as: UTF8.self)
  }

  /// A column that is not among them, added later, is left empty: it must not say what another person's object said.
  func write(to study: Int64, layout: IndexLayout, in database: Database) throws {
    let columns = Self.columns(layout)
    try database.execute(
      sql: "UPDATE study SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")) WHERE id = ?",
      arguments: StatementArguments(columns.map { (values[$0] ?? "").databaseValue } + [study.databaseValue]))
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

extension FindRow {
  init(_ row: Row, _ compiler: QueryCompiler, id: Int64) {
    self.id = id
    values = compiler.columnOfTag.mapValues { column in Self.values(Self.text(row, column)) }
      .merging(compiler.collectedValues(in: row)) { _, sorted in sorted }
    items = compiler.columnsOfSequence.mapValues { columns in
      let members = columns.mapValues { Self.values(Self.text(row, $0)) }
      let count = members.values.map(\.count).max() ?? 0
      return (0..<count).map { index in
        members.compactMapValues { index < $0.count ? $0[index] : nil }.filter { !$0.value.isEmpty }
      }
    }
  }

  private static func text(_ row: Row, _ column: Int) -> String {
    switch (row[column] as DatabaseValue).storage {
    case .string(let string): string
    case .int64(let integer): String(integer)
    default: ""
    }
  }

  private static func values(_ text: String) -> [String] {
    text.isEmpty ? [] : text.split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
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

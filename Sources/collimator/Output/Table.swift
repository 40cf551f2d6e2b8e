// SPDX-License-Identifier: Apache-2.0

/// Rows under headings, aligned for a person; what a script reads is `--json`.
struct Table {
  private let headings: [String]
  private var rows: [[String]] = []

  init(_ headings: String...) {
    self.init(headings)
  }

  init(_ headings: [String]) {
    self.headings = headings
  }

  mutating func add(_ cells: String...) {
    add(cells)
  }

  /// As many as there are headings.
  mutating func add(_ cells: [String]) {
    rows.append(cells.map(Self.printable))
  }

  var text: String {
    let all = [headings] + rows
    let widths = headings.indices.map { column in
      all.map { row in row[column].count }.max() ?? 0
    }
    return all.map { row in Self.line(row, widths: widths) }.joined(separator: "\n")
  }

  private static func line(_ cells: [String], widths: [Int]) -> String {
    var line = ""
    for (cell, width) in zip(cells, widths) {
      line += cell + String(repeating: " ", count: width - cell.count + 2)
    }
    while line.last == " " { line.removeLast() }
    return line
  }

  /// A control character from a peer must not move the administrator's cursor.
  static func printable(_ cell: String) -> String {
    String(String.UnicodeScalarView(cell.unicodeScalars.map { $0.properties.isControl ? "\u{FFFD}" : $0 }))
  }
}

extension Unicode.Scalar.Properties {
  fileprivate var isControl: Bool { generalCategory == .control || generalCategory == .format }
}

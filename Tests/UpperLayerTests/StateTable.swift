// SPDX-License-Identifier: Apache-2.0

import Foundation

/// PS3.8 Table 9-10 as it stands in Fixtures.
struct StateTable {
  struct Cell {
    let event: String
    let state: Int
    let action: String?
  }

  let cells: [Cell]

  init() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Fixtures/upper-layer-state-table.tsv")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst()
    cells = lines.flatMap { line in
      let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      return columns.dropFirst().enumerated().map { index, action in
        Cell(event: columns[0], state: index + 1, action: action.isEmpty ? nil : action)
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// Comma-separated values with a line of headings (RFC 4180); a value in quotes may hold commas, quotes and line breaks.
struct CSVTable {
  let headings: [String]
  let rows: [[String: String]]

  init(_ text: String) throws {
    // Spreadsheets write a byte order mark first.
    var records = try Self.records(text.first == "\u{FEFF}" ? String(text.dropFirst()) : text)
    guard !records.isEmpty else { throw ValidationError("the table is empty") }
    let names = records.removeFirst().map { $0.lowercased() }
    headings = names
    if let twice = names.first(where: { name in names.count(where: { $0 == name }) > 1 }) {
      throw ValidationError("two columns are headed '\(twice)'")
    }
    rows = try records.enumerated().map { index, record in
      guard record.count == names.count else {
        throw ValidationError("row \(index + 1) has \(record.count) values under \(names.count) headings")
      }
      return Dictionary(zip(names, record), uniquingKeysWith: { first, _ in first })
    }
  }

  private static func records(_ text: String) throws -> [[String]] {
    var records: [[String]] = []
    var record: [String] = []
    var value = ""
    var (isQuoted, wasQuoted) = (false, false)
    let characters = Array(text.replacing("\r\n", with: "\n"))
    var index = 0
    func trimmed() -> String { wasQuoted ? value : value.trimmingCharacters(in: .whitespaces) }
    while index < characters.count {
      let character = characters[index]
      index += 1
      switch character {
      case "\"" where isQuoted && index < characters.count && characters[index] == "\"":
        value.append("\"")
        index += 1
      case "\"":
        isQuoted.toggle()
        wasQuoted = true
      case _ where isQuoted: value.append(character)
      case ",":
        record.append(trimmed())
        (value, wasQuoted) = ("", false)
      case "\n":
        record.append(trimmed())
        if record != [""] { records.append(record) }
        (record, value, wasQuoted) = ([], "", false)
      default: value.append(character)
      }
    }
    guard !isQuoted else { throw ValidationError("a quote is not closed") }
    if !record.isEmpty || !value.isEmpty { records.append(record + [trimmed()]) }
    return records
  }
}

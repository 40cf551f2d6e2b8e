// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Node

extension GrantCommand {
  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give the grants of a table: all of them, or none.",
      discussion: """
        CSV with a line of headings: to, and of everything (yes), patient, issuer, study, series, template, may, modality, \
        type, title, studies-from, studies-to, from, until, why, purpose, reference, least, pending (yes or no) those that \
        are needed. --dry-run tells what would be given. What grants that stand give already is not given again.
        """)

    @Argument(help: "The file; - for standard input.")
    var file: String

    @Flag(help: "Give nothing, tell what would be.")
    var dryRun = false

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let text =
        file == "-"
        ? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
        : try TextFile.read(file)
      let drafts = try GrantRows(text).drafts
      guard
        case .access(.imported(let grants, let known)) = try await archive.perform(
          .access(.importGrants(drafts, dryRun: dryRun)))
      else { return }
      if listing.json { try Output.print(json: grants) } else { Output.print(GrantTableText(grants).text) }
      let remarks = grants.flatMap { grant in (grant.remarks ?? []).map { "note: for '\(grant.to)': \($0)" } }
      for remark in remarks.prefix(Self.mostRemarks) { Output.note(remark) }
      if remarks.count > Self.mostRemarks { Output.note("note: \(remarks.count - Self.mostRemarks) more of that kind") }
      let there = known == 0 ? "." : ", \(known) are there already."
      Output.note(
        dryRun ? "\(grants.count) grants would be given\(there)" : "\(grants.count) grants were given\(there)")
    }

    private static let mostRemarks = 20
  }
}

/// The rows of a table of grants.
private struct GrantRows {
  let drafts: [GrantDraft]

  private static let headings: Set<String> = [
    "to", "everything", "patient", "issuer", "study", "series", "template", "may", "modality", "type", "title",
    "studies-from", "studies-to", "from", "until", "why", "purpose", "reference", "least", "pending",
  ]

  init(_ text: String) throws {
    let table = try CSVTable(text)
    let unknown = table.headings.filter { !Self.headings.contains($0) }
    guard unknown.isEmpty else {
      throw ValidationError("no grant has \(unknown.joined(separator: ", ")): see collimator grant import --help")
    }
    drafts = try table.rows.enumerated().map { index, row in
      do {
        return try Self.draft(row)
      } catch let error as ValidationError {
        throw ValidationError("row \(index + 1): \(error.message)")
      }
    }
  }

  private static func draft(_ row: [String: String]) throws -> GrantDraft {
    let value = { (name: String) in row[name].flatMap { $0.isEmpty ? nil : $0 } }
    guard let to = value("to") else { throw ValidationError("to whom? 'to' is empty") }
    var target = TargetOptions()
    target.everything = value("everything") == "yes"
    var records = RecordOptions()
    (records.patient, records.issuer) = (value("patient"), value("issuer"))
    (records.study, records.series) = (value("study"), value("series"))
    (records.modality, records.type, records.title) = (value("modality"), value("type"), value("title"))
    (records.studiesFrom, records.studiesTo) = (value("studies-from"), value("studies-to"))
    target.records = records
    try target.validate()
    var draft = GrantDraft(to: to, scope: target.scope(), until: try value("until").map(EndOfGrant.seconds))
    draft.narrowing = target.narrowing()
    draft.template = value("template")
    draft.may = value("may")?.commaSeparated ?? []
    draft.from = try value("from").map(EndOfGrant.beginning)
    (draft.why, draft.purposeOfUse) = (value("why"), value("purpose"))
    (draft.reference, draft.least) = (value("reference"), value("least"))
    draft.isPending = try value("pending").map { word in
      guard ["yes", "no"].contains(word) else { throw ValidationError("'pending' is yes or no") }
      return word == "yes"
    }
    return draft
  }
}

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

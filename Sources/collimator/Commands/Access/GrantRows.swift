// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

/// The rows of a table of grants.
struct GrantRows {
  /// The options of `grant add`, each under its name.
  static let columns = [
    "to", "everything", "patient", "issuer", "study", "series", "modality", "type", "title", "studies-from",
    "studies-to",
    "template", "may", "from", "until", "why", "purpose", "consent", "reference", "least", "pending", "ceiling", "by",
  ]

  let drafts: [GrantDraft]

  init(_ text: String) throws {
    let table = try CSVTable(text)
    let unknown = table.headings.filter { !Self.columns.contains($0) }
    guard unknown.isEmpty else {
      let names = unknown.map { $0.isEmpty ? "without a heading" : "'\(Table.printable($0))'" }
      throw ValidationError(
        "a table of grants has no column \(names.joined(separator: ", ")); it has \(Self.columns.joined(separator: ", "))"
      )
    }
    guard table.headings.contains("to") else { throw ValidationError("to whom? The table has no column 'to'") }
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
    let flag = { (name: String) in
      try value(name).map { word in
        guard ["yes", "no"].contains(word) else { throw ValidationError("'\(name)' is yes or no, not '\(word)'") }
        return word == "yes"
      }
    }
    guard let to = value("to") else { throw ValidationError("to whom? 'to' is empty") }
    var target = TargetOptions()
    target.everything = try flag("everything") ?? false
    var records = RecordOptions()
    (records.patient, records.issuer) = (value("patient"), value("issuer"))
    (records.study, records.series) = (value("study"), value("series"))
    (records.modality, records.type, records.title) = (value("modality"), value("type"), value("title"))
    (records.studiesFrom, records.studiesTo) = (value("studies-from"), value("studies-to"))
    target.records = records
    try target.validate()
    var terms = TermsOptions()
    (terms.template, terms.may) = (value("template"), value("may"))
    (terms.from, terms.until) = (value("from"), value("until"))
    (terms.why, terms.purpose) = (value("why"), value("purpose"))
    terms.consent = try value("consent").map { text in
      guard let number = Int(text) else { throw ValidationError("'consent' is the number of one, not '\(text)'") }
      return number
    }
    (terms.reference, terms.least, terms.pending) = (value("reference"), value("least"), try flag("pending"))
    try terms.validate()
    var draft = try terms.draft(to: to, target)
    draft.isCeiling = try flag("ceiling") ?? false
    draft.sharer = value("by")
    return draft
  }
}

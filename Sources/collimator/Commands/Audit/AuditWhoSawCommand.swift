// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Node

struct AuditWhoSawCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "who-saw", abstract: "Show who was shown anything of a patient: by answers, retrievals or files.",
    discussion: """
      GRANTS are those that can be about this patient: of an answer about several, each record has the grants that opened any \
      of it ('audit list').
      """)

  @Argument(help: "The Patient ID.")
  var patient: String

  @Option(help: "Whose Patient ID it is (Issuer of Patient ID); '' for an ID that came without one.")
  var issuer: String?

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    guard case .viewers(let viewers) = try await archive.perform(.viewers(patientID: patient, issuer: issuer)) else {
      return
    }
    guard !listing.json else { return try Output.print(json: viewers) }
    guard !viewers.isEmpty else { return Output.print("Nobody was shown anything of patient \(patient).") }
    var table = Table("WHO", "VIA", "HOW", "TO", "TIMES", "FIRST", "LAST", "GRANTS")
    for viewer in viewers {
      let grants = viewer.grants.map(String.init).joined(separator: ", ")
      table.add(
        viewer.principal, viewer.peers.filter { $0 != viewer.principal }.joined(separator: " "), viewer.kind,
        viewer.destination ?? "-", String(viewer.times), AuditTime.text(viewer.first), AuditTime.text(viewer.last),
        grants.isEmpty ? "-" : grants)
    }
    Output.print(table.text)
    let unfinished = viewers.reduce(0) { $0 + $1.unfinished }
    if unfinished > 0 { Output.print("\(unfinished) of these began, and how they ended is not known.") }
  }
}

struct AuditReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Report all that was done about a patient, or by a principal, the oldest first.")

  @Option(help: "The Patient ID.")
  var patient: String?

  @Option(help: "Whose Patient ID it is (Issuer of Patient ID); '' for an ID that came without one.")
  var issuer: String?

  @Option(help: "A user, a peer or an operator.")
  var principal: String?

  @Option(help: "Not before: a date, 2027-01-31T12:00, or with an offset or Z.")
  var from: String?

  @Option(name: .customLong("to"), help: "Not after: a date means that whole day.")
  var until: String?

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func validate() throws {
    guard (patient == nil) != (principal == nil) else {
      throw ValidationError("say about whom: exactly one of --patient and --principal")
    }
    guard issuer == nil || patient != nil else { throw ValidationError("--issuer goes with --patient") }
  }

  func run() async throws {
    var filter = AuditFilter()
    filter.patientID = patient
    filter.issuer = issuer
    filter.who = principal
    filter.from = try from.map { try AuditTime.start($0, of: "--from") }
    filter.until = try until.map { try AuditTime.end($0, of: "--to") }
    var records: [AuditRecord] = []
    try await AuditPages(archive).forEach(filter, isReport: true) { records += $0 }
    guard !listing.json else { return try Output.print(json: records) }
    let name = patient.map { "patient \($0)" } ?? "'\(principal ?? "")'"
    let byKind = Dictionary(grouping: records, by: \.kind).sorted { $0.key < $1.key }
    Output.print("\(name): \(records.count) records" + byKind.map { "; \($0.value.count) \($0.key)" }.joined())
    if !records.isEmpty { Output.print(AuditTables.text(of: records)) }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Node

struct AuditListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List records, the newest first.")

  @OptionGroup var filter: AuditFilterOptions

  @Option(help: "So many at most.")
  var limit = 100

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func validate() throws {
    guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit is 1 to 1000000") }
  }

  func run() async throws {
    let records = try await AuditPages(archive).newest(filter.filter(), limit: limit)
    guard !listing.json else { return try Output.print(json: records) }
    Output.print(AuditTables.text(of: records))
  }
}

/// Records, as many as were asked for, a page at a time.
struct AuditPages {
  private static let pageSize = 2000
  private let archive: DataDirectoryOptions

  init(_ archive: DataDirectoryOptions) {
    self.archive = archive
  }

  func newest(_ filter: AuditFilter, limit: Int) async throws -> [AuditRecord] {
    var records: [AuditRecord] = []
    while records.count < limit {
      let size = min(Self.pageSize, limit - records.count)
      guard
        case .records(let page) = try await archive.perform(
          .list(filter, before: records.last?.number, limit: size))
      else { break }
      records += page
      if page.count < size { break }
    }
    return records
  }

  /// The oldest first, each page to `body`. `isReport`: of a patient's, with the grants that can be about them.
  func forEach(_ filter: AuditFilter, isReport: Bool = false, _ body: ([AuditRecord]) throws -> Void) async throws {
    var last: Int64 = 0
    let order = { (last: Int64) in
      isReport
        ? AuditOrder.report(filter, after: last, limit: Self.pageSize)
        : AuditOrder.export(filter, after: last, limit: Self.pageSize)
    }
    while case .records(let page) = try await archive.perform(order(last)), let end = page.last {
      try body(page)
      last = end.number
    }
  }
}

/// Records as a person reads them.
enum AuditTables {
  static func text(of records: [AuditRecord]) -> String {
    var table = Table("NO", "TIME", "WHO", "VIA", "WHAT", "OUTCOME", "COUNT", "ABOUT", "DETAIL")
    for record in records {
      table.add(
        String(record.number), AuditTime.text(record.time), who(record), via(record), record.act, record.outcome,
        record.count.map(String.init) ?? "-", about(record), detail(record))
    }
    return table.text
  }

  private static func who(_ record: AuditRecord) -> String {
    switch record.actor {
    case "node": "this node"
    case "nobody": record.aeTitle.isEmpty ? "?" : "? (\(record.aeTitle))"
    default: record.principal
    }
  }

  private static func via(_ record: AuditRecord) -> String {
    let peer = record.peer == record.principal ? "" : record.peer
    return [peer, record.address].filter { !$0.isEmpty }.joined(separator: " ")
  }

  private static func about(_ record: AuditRecord) -> String {
    guard let first = record.subjects.first else { return "-" }
    let patient = first.patientID.isEmpty ? "" : first.patientID + (first.issuer.isEmpty ? "" : " of \(first.issuer)")
    let study = first.studyInstanceUID.isEmpty ? "" : "study \(first.studyInstanceUID)"
    let words = [patient, study].filter { !$0.isEmpty }.joined(separator: ", ")
    return record.subjects.count == 1 ? words : "\(words) and \(record.subjects.count - 1) more"
  }

  private static func detail(_ record: AuditRecord) -> String {
    let grants = record.grants.isEmpty ? "" : "grant \(record.grants.map(String.init).joined(separator: ", "))"
    let destination = record.destination.map { "to \($0)" } ?? ""
    let unknown = record.outcome == "began" ? "end unknown" : ""
    return [destination, record.detail, grants, unknown].filter { !$0.isEmpty }.joined(separator: "; ")
  }
}

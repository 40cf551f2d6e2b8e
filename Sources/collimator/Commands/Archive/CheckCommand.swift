// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Node

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Read every stored file and compare it with what was received.",
    discussion: """
      What is damaged is named, flagged in the index and moved to quarantine: it is not served any more. When the same \
      object is sent again it takes the place of the damaged one. The setting checkInterval does this on a schedule.
      Exit codes: 0, all is as it has to be; 1, it could not be done; 2, something is not, and is named.
      """)

  @Option(help: "Megabytes to read a second at most; 0 is without limit.")
  var rate = 0

  @Flag(name: .customLong("continue"), help: "Go on where a check that was interrupted ended.")
  var continues = false

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func validate() throws {
    guard (0...1_000_000).contains(rate) else { throw ValidationError("--rate is 0 to 1000000 megabytes a second") }
  }

  func run() async throws {
    let order = CheckOrder(bytesPerSecond: rate * 1_000_000, continues: continues)
    guard case .check(let report) = try await archive.perform(.check(order)) else { return }
    if listing.json { try Output.print(json: report) } else { Self.print(report) }
    try OperationExit.report(isClean: report.isClean)
  }

  private static func print(_ report: CheckReport) {
    for fault in report.faults {
      let names = [fault.object, fault.sopInstanceUID].compactMap { $0 }.joined(separator: " ")
      Output.print("\(fault.kind.rawValue)  \(Table.printable(names)): \(Table.printable(fault.detail))")
    }
    if report.healed > 0 { Output.print("\(report.healed) that were flagged are whole again") }
    Output.print(
      "\(report.instances) instances (\(ByteCount.text(report.bytes))) read, \(report.faultCount) faults")
  }
}

struct ReindexCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reindex", abstract: "Build the index anew, from the files and their arrival records.",
    discussion: """
      Peers, grants, holds and what was deleted stay as they are. The old index serves until the new one takes its place.
      Exit codes: 0, done; 1, it could not be done, and the old index stays; 2, done, and something is missing or damaged.
      """)

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    guard case .reindex(let report) = try await archive.perform(.reindex) else { return }
    if listing.json { try Output.print(json: report) } else { Self.print(report) }
    try OperationExit.report(isClean: report.isClean)
  }

  private static func print(_ report: ReindexReport) {
    for name in report.lost { Output.print("lost         \(name): it arrived, and its file is gone") }
    for file in report.quarantined { Output.print("quarantined  \(Table.printable(file))") }
    for file in report.unreadable { Output.print("unreadable   \(Table.printable(file))") }
    Output.print(
      "\(report.instances) instances indexed; \(report.takenIn) were in no index, \(report.flagged) are flagged")
  }
}

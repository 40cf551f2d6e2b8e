// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Node

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Bring a data directory to what a backup holds.",
    discussion: """
      A node that runs on it ends its associations, stands aside until that is done, and serves what is there then. \
      Each file is read and compared. Files that came after the backup stay and are indexed again. Where the old index can \
      be read, what was deleted, revoked, removed and put on hold since the backup stays so; where it cannot, the answer \
      says what may be missing or back. The old index stays as index.sqlite.before-restore.
      Exit codes: 0, all is there; 1, it could not be done; 2, done, and the backup lacks some files, or the node does not serve it yet.
      """)

  @Argument(help: "The folder that backups were made to.")
  var folder: String

  @Option(help: "Which backup; by default the newest.")
  var backup: String?

  @Flag(help: "Revoke every grant that the backup has in force.")
  var revokeGrants = false

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let report = try await restore()
    if listing.json { try Output.print(json: report) } else { Self.print(report) }
    try OperationExit.report(isClean: report.isClean)
  }

  private func restore() async throws -> RestoreReport {
    let line = ProgressLine()
    defer { line.clear() }
    return try await DataDirectory(path: archive.path()).restore(
      from: AbsolutePath.of(folder), backup: backup, revokingGrants: revokeGrants
    ) { line.draw($0) }
  }

  private static func print(_ report: RestoreReport) {
    for instance in report.withoutFile { Output.print("without file  \(Table.printable(instance))") }
    Output.print(
      "restored \(report.backup): \(report.instances) instances; \(report.copiedFiles) files copied, "
        + "\(report.presentFiles) were in place and are whole")
    if !report.carriedOver.isEmpty {
      Output.print("taken over from the old index: \(report.carriedOver.joined(separator: ", "))")
    }
    for warning in report.warnings { Output.print("NOTE  \(warning)") }
  }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Node

extension GrantCommand {
  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give the grants of a table: all of them, or none.",
      discussion: """
        CSV with a line of headings, those that are needed: \(GrantRows.columns.joined(separator: ", ")). They say what \
        the options of 'collimator grant add' say; everything, ceiling and pending are yes or no, and what is empty is not \
        said. --dry-run tells what would be given. What grants in force \
        give already, or will from a day on, is not given again; nor is another given beside one of the same terms that is \
        suspended, or pending where the row asks for one in force: these are named on standard error, and the status is 2.
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
        case .access(.imported(let grants, let known, let held)) = try await archive.perform(
          .access(.importGrants(drafts, dryRun: dryRun)))
      else { return }
      if listing.json { try Output.print(json: grants) } else { Output.print(GrantTableText(grants).text) }
      let remarks = grants.flatMap { grant in (grant.remarks ?? []).map { "note: for '\(grant.to)': \($0)" } }
      for remark in remarks.prefix(Self.mostRemarks) { Output.note(remark) }
      if remarks.count > Self.mostRemarks { Output.note("note: \(remarks.count - Self.mostRemarks) more of that kind") }
      for words in held { Output.note("note: \(words)") }
      let there =
        (known == 0 ? "" : ", \(known) are there already")
        + (held.isEmpty ? "." : ", \(held.count) \(held.count == 1 ? "is" : "are") suspended or pending.")
      Output.note(
        dryRun ? "\(grants.count) grants would be given\(there)" : "\(grants.count) grants were given\(there)")
      try OperationExit.report(isClean: held.isEmpty)
    }

    private static let mostRemarks = 20
  }
}

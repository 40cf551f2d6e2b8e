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
        said. --dry-run tells what would be given. What grants that stand give already is not given again.
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

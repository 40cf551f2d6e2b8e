// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Foundation
import Node

struct DeleteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete stored objects for good, with a reason; a legal hold forbids it.",
    discussion: """
      What was deleted is remembered by its UIDs, with the reason (write no patient data into it), and stays deleted \
      through restarts, reindexing and restoring. The same object may be sent again, and is then a new one; with \
      --keep-out it is refused (0124) until 'collimator deletion lift'.
      Exit codes: 0, deleted; 1, it could not be done, and nothing was deleted.
      """)

  @OptionGroup var selection: SelectionOptions

  @Option(help: "Why. It is kept.")
  var reason: String

  @Flag(help: "Refuse these SOP Instance UIDs from now on.")
  var keepOut = false

  @Flag(help: "Do not ask.")
  var yes = false

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let draft = try selection.draft()
    var expected: Int?
    if !yes {
      guard isatty(STDIN_FILENO) == 1 else { throw ValidationError("nobody can be asked here: give --yes to delete") }
      guard case .deletionPreview(let preview) = try await archive.perform(.previewDeletion(draft)) else { return }
      guard Self.confirms(preview) else { throw OperationError("nothing was deleted") }
      expected = preview.instances
    }
    let order = DeletionOrder(reason: reason, expectedInstances: expected, keepsOut: keepOut)
    guard case .deletion(let report) = try await archive.perform(.delete(draft, order)) else { return }
    guard !listing.json else { return try Output.print(json: report) }
    Output.print("deletion \(report.number): \(report.instances) instances (\(ByteCount.text(report.bytes)))")
    if !report.filesAreGone { Output.print("Their files go when the backup that is running has ended.") }
  }

  private static func confirms(_ preview: DeletionPreview) -> Bool {
    for hold in preview.holds { Output.note("legal hold \(hold.number) on \(hold.what): \(hold.reason)") }
    Output.note(
      "This deletes \(preview.instances) instances (\(ByteCount.text(preview.bytes))) in \(preview.series) series, "
        + "\(preview.studies) studies of \(preview.patients) patients, for good.")
    Output.write("Type yes to delete them: ", to: .standardError)
    return readLine() == "yes"
  }
}

struct DeletionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deletion", abstract: "What was deleted, by whom and why.", subcommands: [List.self, Lift.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the deletions.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .deletions(let deletions) = try await archive.perform(.listDeletions) else { return }
      guard !listing.json else { return try Output.print(json: deletions) }
      var table = Table("NUMBER", "WHEN", "BY", "LEVEL", "INSTANCES", "KEPT OUT", "AGAIN HERE", "REASON")
      for deletion in deletions {
        table.add(
          String(deletion.number), deletion.deletedAt, deletion.deletedBy, deletion.level, String(deletion.instances),
          deletion.keepsOut ? "yes" : "no", String(deletion.arrivedAgain), deletion.reason)
      }
      Output.print(table.text)
    }
  }

  struct Lift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let what a deletion keeps out come again.")

    @Argument(help: "The deletion's number.")
    var number: Int

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.liftDeletion(number: number)).printOutcome()
    }
  }
}

extension ArchiveOperationResult {
  func printOutcome() {
    guard case .done(let sentence) = self else { return }
    Output.print(sentence)
  }
}

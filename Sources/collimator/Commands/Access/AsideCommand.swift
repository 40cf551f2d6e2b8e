// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct AsideCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aside", abstract: "What came for a study from somebody who may not add to it.",
    discussion: """
      Such objects are kept, and nobody but their sender sees them, until they are let in. Whoever may add to any study \
      ('collimator peer add --may store,add') or has a grant with the right to add is not concerned.
      """,
    subcommands: [List.self, Admit.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List what is aside.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .access(.aside(let studies)) = try await archive.perform(.access(.listAside)) else { return }
      guard !listing.json else { return try Output.print(json: studies) }
      var table = Table("STUDY", "PATIENT", "FROM", "OBJECTS")
      for study in studies {
        table.add(study.studyInstanceUID, study.patient, study.sender, String(study.instances))
      }
      Output.print(table.text)
    }
  }

  struct Admit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make it part of the study that it came for.")

    @Argument(help: "The Study Instance UID.")
    var study: String

    @Option(help: "The sender, as 'collimator aside list' shows it.")
    var from: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.access(.admitAside(study: study, sender: from))).printOutcome()
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct ConflictsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conflicts",
    abstract: "Objects that came under one SOP Instance UID and say different things. All are kept.",
    subcommands: [List.self, Show.self, Choose.self, Undo.self])
}

extension ConflictsCommand {
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the SOP Instance UIDs that have several versions.")

    @Option(help: "List those behind this SOP Instance UID: a list has at most 1000.")
    var after = ""

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .records(.conflicts(let conflicts)) = try await archive.perform(.records(.listConflicts(after: after)))
      else { return }
      guard !listing.json else { return try Output.print(json: conflicts) }
      var table = Table("SOP INSTANCE UID", "VERSIONS")
      for conflict in conflicts { table.add(conflict.sopInstanceUID, String(conflict.versions)) }
      Output.print(table.text)
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the versions of one object, and in which elements two of them differ.")

    @Argument(help: "The SOP Instance UID.")
    var uid: String

    @Option(help: "The version to compare; without it, the earliest.")
    var first: Int?

    @Option(help: "The version to compare it with; without it, the latest.")
    var second: Int?

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let operation = RecordsOperation.showConflict(sopInstanceUID: uid, first: first, second: second)
      guard case .records(.conflict(let detail)) = try await archive.perform(.records(operation)) else { return }
      guard !listing.json else { return try Output.print(json: detail) }
      var versions = Table("VERSION", "PATIENT", "STUDY", "FROM", "ARRIVED", "BYTES", "STATE")
      for version in detail.versions {
        versions.add(
          String(version.number), version.patient, version.studyInstanceUID, version.sender, version.arrived,
          String(version.size), version.state)
      }
      Output.print(versions.text)
      guard !detail.isUnreadable else {
        return Output.note("they cannot be compared: see STATE, and name two whose files are there: --first, --second")
      }
      guard detail.compared.count == 2, detail.compared[0] != detail.compared[1] else { return }
      var table = Table("ELEMENT", "NAME", "VERSION \(detail.compared[0])", "VERSION \(detail.compared[1])")
      for difference in detail.differences {
        table.add(difference.path, difference.name, difference.first ?? "(absent)", difference.second ?? "(absent)")
      }
      Output.print("\n" + table.text)
    }
  }

  struct Choose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Have one version served to all who may see it. The others stay; what a caller may not see is not shown.")

    @Argument(help: "The SOP Instance UID.")
    var uid: String

    @Argument(help: "The version's number, as 'collimator conflicts show' shows it.")
    var version: Int

    @Option(help: "Why: it is written down with the choice.")
    var reason: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let operation = RecordsOperation.chooseVersion(sopInstanceUID: uid, number: version, reason: reason)
      try await archive.perform(.records(operation)).printOutcome()
    }
  }

  struct Undo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Have the earliest version served again.")

    @Argument(help: "The SOP Instance UID.")
    var uid: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.records(.undoChoice(sopInstanceUID: uid))).printOutcome()
    }
  }
}

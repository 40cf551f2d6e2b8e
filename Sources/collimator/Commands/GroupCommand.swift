// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct GroupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "group", abstract: "Groups of peers and users, such as a practice or a clinic, that share grants.",
    subcommands: [Add.self, Kind.self, Join.self, Leave.self, List.self, Remove.self])
}

extension GroupCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a group, or replace the members of one that exists.")

    @Argument(help: "The group's name.")
    var name: String

    @Option(name: .long, parsing: .upToNextOption, help: "The names of the peers and users that belong to it.")
    var member: [String] = []

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.addGroup(name: name, members: member)).printOutcome()
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the groups and their members, those to come too.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .groups(let groups) = try await archive.perform(.listGroups) else { return }
      guard !listing.json else { return try Output.print(json: groups) }
      var table = Table("NAME", "KIND", "MEMBERS")
      for group in groups {
        table.add(group.name, group.kind ?? "-", group.memberships.map(\.words).joined(separator: " "))
      }
      Output.print(table.text)
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Dissolve a group; its grants end with it.")

    @Argument(help: "The group's name.")
    var name: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.removeGroup(name: name)).printOutcome()
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show each setting, its value, and where it comes from.",
    discussion: """
      A flag of `serve` comes first, then the environment (COLLIMATOR_PORT, COLLIMATOR_MAXIMUM_ASSOCIATIONS…), then \
      collimator.json in the data directory ({"port": 11112}), then the default.
      """)

  @OptionGroup var settings: SettingOptions
  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let settings = try await Settings(flags: settings, directory: try archive.path())
    guard !listing.json else { return try Output.print(json: settings.all) }
    var table = Table("SETTING", "VALUE", "FROM", "MEANING")
    for value in settings.all {
      table.add(value.name, value.value.isEmpty ? "-" : value.value, value.origin, value.meaning)
    }
    Output.print(table.text)
  }
}

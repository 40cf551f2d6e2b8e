// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Node

struct StatisticsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Count what is stored: by modality, by month of arrival, by sender.")

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    guard case .statistics(let statistics) = try await archive.perform(.statistics) else { return }
    guard !listing.json else { return try Output.print(json: statistics) }
    Output.print(
      """
      \(statistics.patients) patients, \(statistics.studies) studies, \(statistics.series) series, \
      \(statistics.instances) instances, \(ByteCount.text(statistics.bytes))
      \(statistics.missingInstances) instances without their file, \(statistics.deletedInstances) deleted, \
      \(statistics.holdsInForce) legal holds in force, \(statistics.quarantinedFiles) files in quarantine \
      (\(ByteCount.text(statistics.quarantinedBytes)))
      """)
    for (heading, shares) in [
      ("MODALITY", statistics.byModality), ("MONTH", statistics.byMonth), ("SENDER", statistics.bySender),
    ] {
      var table = Table(heading, "STUDIES", "SERIES", "INSTANCES", "SIZE")
      for share in shares {
        table.add(
          share.name.isEmpty ? "-" : share.name, String(share.studies), String(share.series), String(share.instances),
          ByteCount.text(share.bytes))
      }
      Output.print("\n" + table.text)
    }
  }
}

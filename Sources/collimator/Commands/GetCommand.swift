// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Node
import UpperLayer

struct GetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Fetch objects from a node into a folder (C-GET).",
    discussion: "Example: collimator get --host pacs.example --study 1.2.840.99.1 --output studies")

  @OptionGroup var wanted: RetrieveOptions

  @Option(name: .shortAndLong, help: "The folder to write to; it is made where there is none.")
  var output: String

  @OptionGroup var listing: ListingOptions
  @OptionGroup var remote: RemoteOptions

  func run() async throws {
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    let outcome: RetrieveOutcome
    let node = try remote.node()
    do {
      outcome = try await wanted.retrieval(from: node)
        .get(into: output) { RetrieveOptions.draw($0) }
    } catch let end as AssociationEnd {
      throw remote.explained(end, by: node)
    }
    try RetrieveOptions.print(outcome, of: remote.called, json: listing.json)
  }
}

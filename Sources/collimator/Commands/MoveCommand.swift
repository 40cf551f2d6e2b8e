// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node
import UpperLayer

struct MoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "move", abstract: "Have a node send objects to another node (C-MOVE).",
    discussion: "Example: collimator move --host pacs.example --study 1.2.840.99.1 --to WORKSTATION")

  @OptionGroup var wanted: RetrieveOptions

  @Option(help: "The AE title of the destination, as the node that is asked knows it.")
  var to: String

  @OptionGroup var listing: ListingOptions
  @OptionGroup var remote: RemoteOptions

  func run() async throws {
    let outcome: RetrieveOutcome
    let node = try remote.node()
    do {
      outcome = try await wanted.retrieval(from: node).move(to: to) { RetrieveOptions.draw($0) }
    } catch let end as AssociationEnd {
      throw remote.explained(end, by: node)
    }
    try RetrieveOptions.print(outcome, of: remote.called, json: listing.json)
  }
}

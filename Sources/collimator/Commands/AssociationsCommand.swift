// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Node

struct AssociationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "associations",
    abstract: "Show who is connected to the running node, and who was turned away, and why.")

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let associations = try await DataDirectory(path: archive.path()).status().associations
    guard !listing.json else { return try Output.print(json: associations) }
    var live = Table("NUMBER", "CALLING", "PEER", "WHO", "FROM", "SINCE", "CONTEXTS", "REQUESTS")
    for one in associations.live {
      let operations = one.operations.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      live.add(
        "\(one.id)", one.callingAETitle, one.peer ?? "", one.identity, one.address, Self.time(one.since), one.contexts,
        operations.joined(separator: ", "))
    }
    Output.print(associations.live.isEmpty ? "No associations." : live.text)
    guard !associations.refused.isEmpty else { return }
    var refused = Table("REFUSED AT", "CALLING", "CALLED", "FROM", "WHY")
    for one in associations.refused {
      refused.add(Self.time(one.at), one.callingAETitle, one.calledAETitle, one.address, one.reason)
    }
    Output.print("\n" + refused.text)
  }

  private static func time(_ date: Date) -> String {
    date.formatted(.iso8601.time(includingFractionalSeconds: false).dateTimeSeparator(.space).year().month().day())
  }
}

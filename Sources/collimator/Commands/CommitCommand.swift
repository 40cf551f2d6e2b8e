// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node
import UpperLayer

struct CommitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "commit", abstract: "Ask a node to promise that it keeps objects (Storage Commitment).",
    discussion: """
      The node answers when it has looked: on the same association, or, as most do, on one that it opens to --calling at \
      the port that --listen names.

      Example: collimator commit --host pacs.example --calling CT1 --listen 104 series/
      """)

  @Argument(help: "Files that were sent before, and folders of them.")
  var path: [String]

  @Option(help: "The port on which the report is waited for; without, it is waited for on the same association.")
  var listen: Int?

  @Option(help: "The address to listen on.")
  var listenAddress = "0.0.0.0"

  @Option(help: "Seconds to wait for a report on a new association.")
  var wait = 300

  @OptionGroup var listing: ListingOptions
  @OptionGroup var remote: RemoteOptions

  func validate() throws {
    if let listen, !(0...65_535).contains(listen) { throw ValidationError("--listen is \(listen), not 1 to 65535") }
  }

  func run() async throws {
    let outcome: CommitmentOutcome
    let node = try remote.node()
    do {
      let asking = try await CommitmentAsking(about: try FileWalk(path).files, to: node)
      let most = listen == nil ? remote.responseTimeout ?? RemoteOptions.usualResponseTimeout : wait
      outcome = try await ProgressLine.ticking { [called = remote.called] seconds in
        "waiting for the report of \(called): \(seconds) of at most \(most) s"
      } _: {
        try await asking.outcome(listeningOn: listen, at: listenAddress, waiting: .seconds(max(wait, 1)))
      }
    } catch let end as AssociationEnd {
      throw remote.explained(end, by: node)
    }
    if listing.json {
      try Output.print(json: outcome)
    } else {
      if !outcome.failed.isEmpty {
        var table = Table("NOT COMMITTED", "REASON")
        for failed in outcome.failed { table.add(failed.sopInstanceUID, Self.words(failed.reason)) }
        Output.print(table.text)
      }
      Output.print("\(outcome.committed.count) committed, \(outcome.failed.count) not")
    }
    if !outcome.isComplete { throw ExitCode.failure }
  }

  /// PS3.3 C.14.1.1.
  private static func words(_ reason: String) -> String {
    switch reason {
    case "0110": "0110: processing failure"
    case "0112": "0112: it has no such object"
    case "0119": "0119: it has it as an object of another SOP class"
    case "0122": "0122: it does not take this SOP class"
    case "0131": "0131: the Transaction UID is in use"
    case "0213": "0213: it lacks the means to say"
    default: reason
    }
  }
}

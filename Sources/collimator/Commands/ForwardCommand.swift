// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct ForwardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward", abstract: "What arrives is sent on to other nodes, by rules.",
    subcommands: [Add.self, List.self, Remove.self])
}

extension ForwardCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send on to a peer what arrives from now on.",
      discussion: """
        The peer needs a port and the address of one host, and gets nothing that its own grants do not open: see \
        'collimator grant add'. What waits is on the disk; 'collimator queue' shows it.

        All that is said has to hold; of what is said of who asked for it, several values, separated by |, mean any of \
        them, and names take * and ?.

        Example: collimator forward add --to PACS2 --from CT1 --modality CT
                 collimator forward add --to CLINIC --referring-name 'WEBER^*' --institution 'ST. ANNA*'
        """)

    @Option(help: "The peer that gets it, by its name.")
    var to: String

    @Option(help: "Only what this peer sends, by its name.")
    var from: String?

    @Option(help: "Only what is sent under this calling AE title.")
    var calling: String?

    @Option(help: "Only of this modality, such as CT. Repeatable.")
    var modality: [String] = []

    @OptionGroup var referral: ReferralOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let draft = ForwardingRuleDraft(
        to: to, from: from, callingAETitle: calling, modalities: modality, conditions: referral.conditions(),
        scheme: referral.scheme)
      try await archive.perform(.deliveries(.addRule(draft))).printOutcome()
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the rules.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .deliveries(.rules(let rules)) = try await archive.perform(.deliveries(.listRules)) else { return }
      guard !listing.json else { return try Output.print(json: rules) }
      var table = Table("RULE", "TO", "FROM", "CALLING AE TITLE", "MODALITIES", "ASKED FOR BY", "ADDED BY", "ADDED")
      for rule in rules {
        table.add(
          String(rule.number), rule.to, rule.from ?? "-", rule.callingAETitle ?? "-",
          rule.modalities.isEmpty ? "-" : rule.modalities.joined(separator: ", "),
          rule.conditions.isEmpty ? "-" : rule.conditions.joined(separator: ", "), rule.addedBy, rule.added)
      }
      Output.print(table.text)
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Send on by a rule no longer.")

    @Argument(help: "The rule's number, as 'collimator forward list' shows it.")
    var number: Int

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.deliveries(.removeRule(number: Int64(number)))).printOutcome()
    }
  }
}

struct QueueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue", abstract: "What is owed to other nodes: objects to send on, and commitment reports.",
    subcommands: [List.self, Retry.self, Drop.self])
}

extension QueueCommand {
  /// Which of what waits.
  struct Choice: ParsableArguments {
    @Option(help: "One entry: forwarding/7 or commitment/3, as 'collimator queue list' shows it.")
    var entry: String?

    @Option(help: "Only what this peer is owed, by its name.")
    var to: String?

    @Flag(help: "All that waits.")
    var all = false

    func validate() throws {
      guard entry != nil || to != nil || all else { throw ValidationError("which? --entry, --to or --all") }
      if let entry { _ = try Self.parts(entry) }
    }

    func chosen() throws -> (kind: String?, number: Int64?) {
      guard let entry else { return (nil, nil) }
      return try Self.parts(entry)
    }

    private static func parts(_ entry: String) throws -> (kind: String?, number: Int64?) {
      let parts = entry.split(separator: "/").map(String.init)
      guard parts.count == 2, let number = Int64(parts[1]) else {
        throw ValidationError("'\(entry)' is no entry such as forwarding/7")
      }
      return (parts[0], number)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List what waits, by peer.")

    @Option(help: "At most so many entries.")
    var limit = 1000

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard
        case .deliveries(.queue(let queue, let count)) = try await archive.perform(
          .deliveries(.queue(atMost: max(limit, 1))))
      else { return }
      guard !listing.json else { return try Output.print(json: queue) }
      var table = Table("ENTRY", "TO", "WHAT", "SINCE", "TRIED", "NEXT", "WHY NOT YET")
      for entry in queue {
        table.add(
          "\(entry.kind)/\(entry.number)", entry.to, entry.what, entry.since, String(entry.attempts),
          entry.nextAttempt ?? "when told to", entry.lastFailure ?? "-")
      }
      Output.print(table.text)
      if count > queue.count { Output.print("and \(count - queue.count) more") }
    }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Try now what waits.")

    @OptionGroup var choice: Choice
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let (kind, number) = try choice.chosen()
      try await archive.perform(.deliveries(.retry(kind: kind, number: number, peer: choice.to))).printOutcome()
    }
  }

  struct Drop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Forget what waits: it is not sent, and nobody is told. What is stored stays.")

    @OptionGroup var choice: Choice
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let (kind, number) = try choice.chosen()
      try await archive.perform(.deliveries(.drop(kind: kind, number: number, peer: choice.to))).printOutcome()
    }
  }
}

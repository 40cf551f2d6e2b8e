// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct RuleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rule",
    abstract: "To whom studies are opened when they arrive, by what they say of who asked for them.",
    discussion: """
      What an identification says opens at once; a name alone gives a pending grant, for names are not unique. Objects are \
      believed: with --opens patient, whoever may store opens all of whomever an object names. Name them with --calling.
      Example: collimator user attribute weber registration 123456
               collimator rule add referrers --to-whoever referring-id=registration --for 90d
      """,
    subcommands: [Add.self, List.self, Remove.self, Test.self, Backfill.self])
}

extension RuleCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a rule: it holds for what arrives from now on.",
      discussion: """
        All that is said has to hold; several values, separated by |, mean any of them; names take * and ?.
        Example: collimator rule add weber --referring-id 123456 --to DRWEBER --for 90d
                 collimator rule add practice --calling CT1 --modality CT --to PRACTICE --dry-run
        """)

    @Argument(help: "Its name: by it, nothing is given twice.")
    var name: String

    @OptionGroup var referral: ReferralOptions

    @Option(help: "The AE title of whoever sent it.")
    var calling: String?

    @Option(help: "The modality, such as CT|MR.")
    var modality: String?

    @Option(help: "The peer, user or group to whom it is opened.")
    var to: String?

    @Option(help: "Open it to whoever has an attribute that is what the object says: referring-id=registration.")
    var toWhoever: String?

    @Option(help: "What is opened: study or patient.")
    var opens = "study"

    @Option(help: "What may be done: rights and bundles, separated by commas (default: query, retrieve).")
    var may: String?

    @Option(
      help: "Why, as of grant add, but not self (default: referring; guardian where the responsible person is asked).")
    var why: String?

    @Option(name: .customLong("for"), help: "How long each grant lasts from when it is given: 30m, 24h, 90d.")
    var duration = "90d"

    @Flag(help: "Tell what it would give for what is stored; add nothing.")
    var dryRun = false

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard ["study", "patient"].contains(opens) else { throw ValidationError("--opens takes study or patient") }
      let draft = RuleDraft(
        name: name, conditions: referral.conditions([("calling", calling), ("modality", modality)]),
        scheme: referral.scheme, to: to, whoever: toWhoever,
        opensPatient: opens == "patient",
        may: may?.commaSeparated ?? [], why: why, seconds: try LengthOfTime.seconds(duration))
      try await SharingOutput(archive, listing).perform(.addRule(draft, dryRun: dryRun))
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the rules.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws { try await SharingOutput(archive, listing).perform(.listRules) }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End a rule; what it gave stays, unless it is revoked.")

    @Argument(help: "The rule's name.")
    var name: String

    @Flag(help: "Revoke what it gave too.")
    var revoke = false

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await SharingOutput(archive, listing).perform(.removeRule(name: name, revoking: revoke))
    }
  }

  struct Test: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell what a rule would still give for what is stored; nothing is changed.")

    @Argument(help: "The rule's name.")
    var name: String

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws { try await SharingOutput(archive, listing).perform(.testRule(name: name)) }
  }

  struct Backfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give for what is stored what the rules would have given; done again, it gives nothing more.")

    @Argument(help: "The rule's name; without it, all rules.")
    var name: String?

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws { try await SharingOutput(archive, listing).perform(.backfillRules(name: name)) }
  }
}

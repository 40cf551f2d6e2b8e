// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

/// A patient or a study.
struct SharedOptions: ParsableArguments {
  @Option(help: "The studies of the patient with this Patient ID.")
  var patient: String?

  @Option(help: "The Issuer of Patient ID; without it, the patient whose ID has no issuer.")
  var issuer: String?

  @Option(help: "The study with this Study Instance UID.")
  var study: String?

  func validate() throws {
    guard (patient == nil) != (study == nil) else {
      throw ValidationError("say what is meant: exactly one of --patient and --study")
    }
    guard issuer == nil || patient != nil else { throw ValidationError("--issuer goes with --patient") }
  }

  var scope: GrantDraft.Scope {
    if let study { return .study(uid: study) }
    return .patient(id: patient ?? "", issuer: issuer)
  }
}

extension GrantCommand {
  struct Code: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a code that opens a patient or a study once to whoever brings it.",
      discussion: """
        It is printed once: only its hash is kept. Without --by it is the administrator's.
        Example: collimator grant code --patient 4711 --issuer CITYHOSPITAL --for 24h
        """)

    @OptionGroup var shared: SharedOptions

    @Option(name: .customLong("for"), help: "How long the grant lasts once the code is redeemed: 30m, 24h, 7d.")
    var duration = "24h"

    @Option(help: "How long the code can be redeemed.")
    var valid = "24h"

    @Option(help: "What may be done: rights and bundles, separated by commas (default: query, retrieve).")
    var may: String?

    @Option(help: "Who opens it, by a grant with the right to share.")
    var by: String?

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let draft = CodeDraft(
        scope: shared.scope, may: may?.commaSeparated ?? [], seconds: try LengthOfTime.seconds(duration),
        validity: try LengthOfTime.seconds(valid), sharer: by)
      try await SharingOutput(archive, listing).perform(.openCode(draft))
    }
  }

  struct Codes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the codes, without what they are.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws { try await SharingOutput(archive, listing).perform(.listCodes) }
  }

  struct Redeem: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Redeem a code for a peer or user whom you know; after wrong ones in a row they have to wait.",
      discussion: """
        The code is asked for, or read from standard input: what stands among the arguments, others on this machine can \
        read.

        Example: collimator grant redeem --as CLINIC
        """)

    @Argument(
      help: "The code; case, spaces and hyphens do not count. Left out, it is asked for, or read from standard input.")
    var code: String?

    @Option(name: .customLong("as"), help: "The peer or user who brings it.")
    var name: String

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await SharingOutput(archive, listing).perform(.redeemCode(try CodeEntry.code(code), as: name))
    }
  }

  struct Emergency: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Open a patient or a study for an emergency, at once and for a short while; it is logged loudly.",
      discussion: "Example: collimator grant emergency --as drlang --patient 4711 --reason 'unconscious, trauma room 2'"
    )

    @Option(name: .customLong("as"), help: "The peer or user to whom it is opened.")
    var name: String

    @OptionGroup var shared: SharedOptions

    @Option(help: "Why, for the record.")
    var reason: String

    @Option(name: .customLong("for"), help: "How long: at most 24h.")
    var duration = "4h"

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await SharingOutput(archive, listing).perform(
        .openEmergency(to: name, shared.scope, reason: reason, seconds: try LengthOfTime.seconds(duration)))
    }
  }

  struct EmergencyLaw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell or set whether the law asks that emergency access outranks a patient's veto.")

    @Option(help: "yes or no, for emergency access that is opened from now on (as installed: no).")
    var overridesVetoes: String?

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard overridesVetoes.map({ ["yes", "no"].contains($0) }) ?? true else {
        throw ValidationError("--overrides-vetoes takes yes or no")
      }
      try await SharingOutput(archive, listing).perform(
        .emergencyLaw(overridesVetoes: overridesVetoes.map { $0 == "yes" }))
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Node

struct GrantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant", abstract: "What is opened to whom, and until when. Without a grant a caller sees nothing.",
    subcommands: [Add.self, List.self, Revoke.self])
}

extension GrantCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Open a patient, a study or everything to a peer or a group.",
      discussion: "Example: collimator grant add --to DRWEBER --patient 4711 --issuer CITYHOSPITAL --until 2027-01-31")

    @Option(help: "The peer or group to whom it is opened.")
    var to: String

    @Flag(help: "Open all that is stored, now and later.")
    var everything = false

    @Option(help: "Open the studies of the patient with this Patient ID.")
    var patient: String?

    @Option(help: "The Issuer of Patient ID; without it, the patient whose ID has no issuer.")
    var issuer: String?

    @Option(help: "Open the study with this Study Instance UID.")
    var study: String?

    @Option(help: "When it ends: a date (that whole day, local time), 2027-01-31T12:00, or with an offset or Z.")
    var until: String?

    @OptionGroup var archive: DataDirectoryOptions

    func validate() throws {
      let scopes = [everything, patient != nil, study != nil].filter { $0 }
      guard scopes.count == 1 else {
        throw ValidationError("say what is opened: exactly one of --everything, --patient and --study")
      }
      guard issuer == nil || patient != nil else { throw ValidationError("--issuer goes with --patient") }
    }

    func run() async throws {
      let end = try until.map { text in
        guard let end = EndOfGrant(text) else {
          throw ValidationError("--until '\(text)' is not a date such as 2027-01-31 or 2027-01-31T12:00")
        }
        return end.secondsSince1970
      }
      try await archive.perform(.addGrant(GrantDraft(to: to, scope: scope(), until: end))).printOutcome()
    }

    private func scope() -> GrantDraft.Scope {
      if let patient { return .patient(id: patient, issuer: issuer) }
      if let study { return .study(uid: study) }
      return .everything
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the grants, those that have ended too.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .grants(let grants) = try await archive.perform(.listGrants) else { return }
      guard !listing.json else { return try Output.print(json: grants) }
      var table = Table("NO", "TO", "WHAT", "UNTIL", "STATE", "GRANTED BY")
      for grant in grants {
        table.add(String(grant.number), grant.to, grant.what, grant.until ?? "-", grant.state, grant.grantedBy)
      }
      Output.print(table.text)
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a grant now; what it opened is invisible at the next request.")

    @Argument(help: "The grant's number, as 'collimator grant list' shows it.")
    var number: Int

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.revokeGrant(number: number)).printOutcome()
    }
  }
}

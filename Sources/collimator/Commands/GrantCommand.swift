// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct GrantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant",
    abstract: "What is opened to whom, until when and why. Without a grant a caller sees nothing.",
    discussion: """
      Over DIMSE whoever retrieves has a copy: 'view-only' opens queries and never C-GET or C-MOVE. To see why somebody sees \
      something, or why not: collimator explain.
      """,
    subcommands: [
      Add.self, List.self, Approve.self, Suspend.self, Resume.self, Extend.self, Revoke.self, Import.self,
      Templates.self, Code.self, Codes.self, Redeem.self, Emergency.self, EmergencyLaw.self,
    ])
}

extension GrantCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Open a patient, a study, a series or everything to a peer, a user or a group.",
      discussion: """
        Example: collimator grant add --to DRWEBER --patient 4711 --issuer CITYHOSPITAL --until 2027-01-31
                 collimator grant add --to weber --patient 4711 --template referring
                 collimator grant add --to practice --everything --modality CT,MR --type images --may view-only
        """)

    @Option(help: "The peer, user or group to whom it is opened.")
    var to: String

    @OptionGroup var target: TargetOptions
    @OptionGroup var terms: TermsOptions

    @Flag(help: "Not to open anything: through this peer nobody sees more than this, whatever was opened to them.")
    var ceiling = false

    @Option(help: "Who opens it, by a grant of their own with the right to share: no more than that, and no longer.")
    var by: String?

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      var draft = try terms.draft(to: to, target)
      draft.isCeiling = ceiling
      draft.sharer = by
      guard case .grant(let grant, let sentence) = try await archive.perform(.addGrant(draft)) else { return }
      if listing.json { try Output.print(json: grant) } else { Output.print(sentence) }
      for remark in grant.remarks ?? [] { Output.note("note: \(remark)") }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the grants, those that have ended too.")

    @Option(help: "Only those of this peer, user or group.")
    var to: String?

    @Option(help: "Only those in this state: pending, active, suspended, revoked or expired.")
    var state: String?

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    private static let states = ["pending", "active", "suspended", "revoked", "expired"]

    func validate() throws {
      guard let state, !Self.states.contains(state) else { return }
      throw ValidationError("--state takes one of \(Self.states.joined(separator: ", "))")
    }

    func run() async throws {
      guard case .grants(let all) = try await archive.perform(.listGrants) else { return }
      let grants = all.filter { (to ?? $0.to) == $0.to && (state ?? $0.state) == $0.state }
      if let to, !all.contains(where: { $0.to == to }) { Output.note("no grant is or was to '\(Table.printable(to))'") }
      guard !listing.json else { return try Output.print(json: grants) }
      Output.print(GrantTableText(grants).text)
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a grant now. When this returns, a running node tells and sends nothing more by it.")

    @OptionGroup var change: ChangeOptions

    func run() async throws { try await change.perform("revoke") }
  }

  struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a pending grant active: somebody verified what it rests on.")

    @OptionGroup var change: ChangeOptions

    func run() async throws { try await change.perform("approve") }
  }

  struct Suspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Hold a grant: it opens nothing until it is resumed.")

    @OptionGroup var change: ChangeOptions

    func run() async throws { try await change.perform("suspend") }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a suspended grant open again what it opened.")

    @OptionGroup var change: ChangeOptions

    func run() async throws { try await change.perform("resume") }
  }

  struct Extend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give a grant another end, later or earlier; one that was active when it expired is in force again.")

    @OptionGroup var change: ChangeOptions

    @Option(
      help: "When it ends: a date (that whole day, local time), 2027-01-31T12:00, or with an offset or Z; or 'never'.")
    var until: String

    func run() async throws {
      let end = until == "never" ? nil : try EndOfGrant.seconds(until)
      try await change.archive.perform(
        .access(.extendGrant(number: change.number, until: end, reason: change.reason))
      ).printOutcome()
    }
  }

  struct Templates: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the templates: grants that are given often.")

    @OptionGroup var listing: ListingOptions

    func run() throws {
      guard !listing.json else { return try Output.print(json: GrantTemplateListing.all) }
      var table = Table("NAME", "MAY", "ENDS AFTER", "WHY", "")
      for template in GrantTemplateListing.all {
        table.add(
          template.name, template.may.joined(separator: ", "), template.days.map { "\($0) days" } ?? "-", template.why,
          template.words)
      }
      Output.print(table.text)
    }
  }
}

/// Which grant is changed, and why.
struct ChangeOptions: ParsableArguments {
  @Argument(help: "The grant's number, as 'collimator grant list' shows it.")
  var number: Int

  @Option(help: "Why, for the record.")
  var reason: String?

  @OptionGroup var archive: DataDirectoryOptions

  func perform(_ change: String) async throws {
    try await archive.perform(.access(.changeGrant(number: number, change: change, reason: reason))).printOutcome()
  }
}

/// Grants as a table.
struct GrantTableText {
  let text: String

  init(_ grants: [GrantListing]) {
    var table = Table("NO", "TO", "WHAT", "MAY", "UNTIL", "STATE", "WHY", "GRANTED BY")
    for grant in grants {
      table.add(
        String(grant.number), grant.to, (grant.isCeiling ? "at most " : "") + grant.what,
        grant.may.joined(separator: ", "), grant.until ?? "-", grant.state, grant.why ?? grant.origin ?? "-",
        grant.grantedBy)
    }
    text = table.text
  }
}

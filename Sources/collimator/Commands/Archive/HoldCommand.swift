// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Node

struct HoldCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hold", abstract: "Legal holds: what nobody may delete, and no rule, until they are released.",
    subcommands: [Add.self, List.self, Release.self])
}

extension HoldCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Hold a patient or a study.")

    @Option(help: "A patient, by Patient ID; without --issuer, every patient with this ID.")
    var patient: String?

    @Option(help: "Whose Patient ID it is (Issuer of Patient ID).")
    var issuer: String?

    @Option(help: "A study, by Study Instance UID.")
    var study: String?

    @Option(help: "Why. It is kept.")
    var reason: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let scope: HoldScope
      switch (patient, study) {
      case (let patient?, nil): scope = .patient(id: patient, issuer: issuer)
      case (nil, let study?): scope = .study(uid: study)
      default: throw ValidationError("hold what? Give --patient or --study.")
      }
      guard case .holds(let holds) = try await archive.perform(.addHold(scope, reason: reason)) else { return }
      for hold in holds {
        let what = Table.printable(hold.what)
        for other in hold.mergedInto ?? [] {
          Output.note(
            "\(what) was merged into \(Table.printable(other)): held is what was received by the old ID alone. To hold all, "
              + "hold \(Table.printable(other)) too.")
        }
        guard hold.studies == 0 else {
          Output.print("legal hold \(hold.number): \(what) cannot be deleted.")
          continue
        }
        Output.print("legal hold \(hold.number): nothing of \(what) is here now; what comes cannot be deleted.")
        Output.note("To hold something that is here, look for its ID or UID with collimator find or collimator stats.")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the holds, released ones too.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .holds(let holds) = try await archive.perform(.listHolds) else { return }
      guard !listing.json else { return try Output.print(json: holds) }
      var table = Table("NUMBER", "WHAT", "REASON", "BY", "SINCE", "RELEASED")
      for hold in holds {
        let released = hold.releasedAt.map { "\($0) by \(hold.releasedBy ?? ""): \(hold.releaseReason ?? "")" }
        table.add(String(hold.number), hold.what, hold.reason, hold.placedBy, hold.placedAt, released ?? "-")
      }
      Output.print(table.text)
    }
  }

  struct Release: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Release a hold; it stays in the list, with the reason.")

    @Argument(help: "The hold's number.")
    var number: Int

    @Option(help: "Why. It is kept.")
    var reason: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.releaseHold(number: number, reason: reason)).printOutcome()
    }
  }
}

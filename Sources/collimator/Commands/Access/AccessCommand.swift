// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct AccessCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "access", abstract: "Who can see something of a patient, now or on a date.",
    discussion: "Example: collimator access --patient 4711 --issuer CITYHOSPITAL --on 2026-05-01")

  @Option(help: "The Patient ID.")
  var patient: String

  @Option(help: "The Issuer of Patient ID; without it, the patient whose ID has no issuer.")
  var issuer: String?

  @Option(help: "On this date (its end), or at this moment: 2026-05-01, 2026-05-01T12:00.")
  var on: String?

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let moment = try on.map { text in
      // The last moment of a day, not the first of the next.
      try EndOfGrant.seconds(text) - (text.contains("T") ? 0 : 1)
    }
    guard
      case .access(.access(let access)) = try await archive.perform(
        .access(.access(patient: patient, issuer: issuer, at: moment)))
    else { return }
    remark(on: access)
    guard !listing.json else { return try Output.print(json: access.entries) }
    var table = Table("WHO", "BY", "GRANT", "WHAT", "CAN", "UNTIL", "WHY", "VETOED BY")
    for entry in access.entries {
      table.add(
        entry.who, entry.group ?? "-", String(entry.grant.number), entry.grant.what, Self.uses(entry),
        entry.grant.until ?? "-", entry.grant.why ?? "-",
        entry.vetoes.isEmpty ? "-" : entry.vetoes.map { "consent \($0)" }.joined(separator: ", "))
    }
    Output.print(table.text)
  }

  /// Of how many objects; what it gives, where it is not known what was stored then.
  private static func uses(_ entry: AccessListing) -> String {
    guard let opened = entry.opened else { return entry.grant.may.joined(separator: ", ") }
    return ["query", "retrieve", "receive"].compactMap { use in opened[use].map { "\(use) \($0)" } }
      .joined(separator: ", ")
  }

  private func remark(on access: PatientAccessListing) {
    if let merged = access.merged {
      Output.note("\(Table.printable(merged)): see that one. What follows is of \(Table.printable(access.patient)).")
    }
    guard let objects = access.objects else {
      return Output.note(
        "as grants, memberships and vetoes were then; locks, peers' rights and ceilings, and what was stored, are not "
          + "remembered: collimator audit list says who changed what")
    }
    Output.note(
      access.absence.map(Table.printable)
        ?? (objects == 0
          ? "nothing of this patient is stored here" : "\(objects) objects of this patient are stored here"))
    guard !access.kept.isEmpty else { return }
    let names = access.kept.prefix(20).map { "'\(Table.printable($0))'" }.joined(separator: ", ")
    let more = access.kept.count > 20 ? " and \(access.kept.count - 20) more" : ""
    Output.note(
      "\(names)\(more) hold grants and see nothing of it: collimator explain --as NAME --patient \(patient) says why")
  }
}

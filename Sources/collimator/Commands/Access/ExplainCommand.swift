// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DICOMData
import Node

/// As whom something is asked.
struct CallerOptions: ParsableArguments {
  @Option(name: .customLong("as"), help: "The peer or user who would call.")
  var caller: String

  @Option(help: "The peer through which a user would call; without it, one that has no ceiling.")
  var through: String?

  @Option(help: "How surely a user would be known: address, password, token or certificate (default: certificate).")
  var knownBy: String?

  var name: CallerName { CallerName(name: caller, through: through, assurance: knownBy) }
}

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Why somebody sees a study or a patient, or why not: which grants open it, which nearly do.",
    discussion: "Example: collimator explain --as weber --patient 4711")

  @OptionGroup var asked: CallerOptions

  @Option(help: "The Study Instance UID.")
  var study: String?

  @Option(help: "The Patient ID.")
  var patient: String?

  @Option(help: "The Issuer of Patient ID; without it, each that there is.")
  var issuer: String?

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func validate() throws {
    guard (study == nil) != (patient == nil) else { throw ValidationError("say --study UID or --patient ID") }
  }

  func run() async throws {
    let target: ExplainedTarget = study.map { .study(uid: $0) } ?? .patient(id: patient ?? "", issuer: issuer)
    guard case .access(.explained(let studies)) = try await archive.perform(.access(.explain(asked.name, target)))
    else { return }
    guard !listing.json else { return try Output.print(json: studies) }
    guard !studies.isEmpty else { return Output.print("nothing of that is stored here.") }
    for study in studies { Output.print(text(on: study)) }
  }

  private func text(on study: ExplanationListing) -> String {
    let rights = ["query", "retrieve", "send", "add", "share"].compactMap { right in
      study.seen[right].flatMap { $0 > 0 ? "\(right) \($0)" : nil }
    }
    var lines = [
      "study \(Table.printable(study.studyInstanceUID)) of \(Table.printable(study.patient)), \(study.instances) objects",
      rights.isEmpty
        ? "  '\(asked.caller)' sees nothing of it"
        : "  '\(asked.caller)' may " + rights.joined(separator: ", ") + " of them",
    ]
    for judgement in study.grants {
      let grant = judgement.grant
      let by = judgement.group.map { " (by '\($0)')" } ?? ""
      let head =
        "  grant \(grant.number)\(by): \(Table.printable(grant.what)), may \(grant.may.joined(separator: ", "))"
      lines.append(
        judgement.reasons.isEmpty
          ? "\(head): opens it" : "\(head): does not, for \(judgement.reasons.joined(separator: "; "))")
    }
    if study.grants.isEmpty { lines.append("  no grant is about it") }
    for veto in study.vetoes {
      lines.append(
        "  consent \(veto.number) forbids: \(Table.printable(veto.what)), against \(veto.party ?? "everybody")")
    }
    return (lines + study.obstacles.map { "  \($0)" }).joined(separator: "\n")
  }
}

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
      case .access(.access(let entries)) = try await archive.perform(
        .access(.access(patient: patient, issuer: issuer, at: moment)))
    else { return }
    guard !listing.json else { return try Output.print(json: entries) }
    var table = Table("WHO", "BY", "GRANT", "WHAT", "MAY", "UNTIL", "WHY", "VETOED BY")
    for entry in entries {
      table.add(
        entry.who, entry.group ?? "-", String(entry.grant.number), entry.grant.what,
        entry.grant.may.joined(separator: ", "), entry.grant.until ?? "-", entry.grant.why ?? "-",
        entry.vetoes.isEmpty ? "-" : entry.vetoes.map { "consent \($0)" }.joined(separator: ", "))
    }
    Output.print(table.text)
  }
}

struct AsideCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aside", abstract: "What came for a study from somebody who may not add to it.",
    discussion: """
      Such objects are kept, and nobody but their sender sees them, until they are let in. Whoever may add to any study \
      ('collimator peer add --may store,add') or has a grant with the right to add is not concerned.
      """,
    subcommands: [List.self, Admit.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List what is aside.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .access(.aside(let studies)) = try await archive.perform(.access(.listAside)) else { return }
      guard !listing.json else { return try Output.print(json: studies) }
      var table = Table("STUDY", "PATIENT", "FROM", "OBJECTS")
      for study in studies {
        table.add(study.studyInstanceUID, study.patient, study.sender, String(study.instances))
      }
      Output.print(table.text)
    }
  }

  struct Admit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make it part of the study that it came for.")

    @Argument(help: "The Study Instance UID.")
    var study: String

    @Option(help: "The sender, as 'collimator aside list' shows it.")
    var from: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.access(.admitAside(study: study, sender: from))).printOutcome()
    }
  }
}

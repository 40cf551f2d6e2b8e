// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

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
    guard issuer == nil || patient != nil else { throw ValidationError("--issuer goes with --patient") }
    try EmptyValue.refuse(in: ["--study": study, "--patient": patient])
  }

  func run() async throws {
    let target: ExplainedTarget = study.map { .study(uid: $0) } ?? .patient(id: patient ?? "", issuer: issuer)
    guard case .access(.explained(let explained)) = try await archive.perform(.access(.explain(asked.name, target)))
    else { return }
    for merge in explained.merged {
      Output.note("\(Table.printable(merge)): see that one. What follows is of that one, too.")
    }
    if explained.studiesInAll > explained.studies.count {
      Output.note(
        "the first \(explained.studies.count) of \(explained.studiesInAll) studies; of another one: --study UID")
    }
    guard !listing.json else { return try Output.print(json: explained.studies) }
    guard !explained.studies.isEmpty else { return Output.print("nothing of that is stored here.") }
    let through = explained.through == asked.caller ? "" : " through '\(Table.printable(explained.through))'"
    Output.print("'\(Table.printable(asked.caller))'\(through), known by \(explained.knownBy):")
    for study in explained.studies { Output.print(text(on: study)) }
  }

  private func text(on study: ExplanationListing) -> String {
    let rights = ["query", "retrieve", "send", "add", "share", "receive"].compactMap { right in
      study.seen[right].flatMap { $0 > 0 ? "\(right) \($0)" : nil }
    }
    var lines = [
      "study \(Table.printable(study.studyInstanceUID)) of \(Table.printable(study.patient)), \(study.instances) objects",
      rights.isEmpty
        ? "  '\(Table.printable(asked.caller))' sees nothing of it"
        : "  '\(Table.printable(asked.caller))' may \(rights.joined(separator: ", ")) of them",
    ]
    lines += (study.remarks ?? []).map { "  \(Table.printable($0))" }
    lines += study.grants.map(text)
    if study.grants.isEmpty { lines.append("  no grant is about it") }
    for veto in study.vetoes {
      lines.append(
        "  consent \(veto.number) forbids: \(Table.printable(veto.what)), against \(Table.printable(veto.party ?? "everybody"))"
      )
    }
    return (lines + study.obstacles.map { "  \(Table.printable($0))" }).joined(separator: "\n")
  }

  private func text(on judgement: ExplanationListing.Judgement) -> String {
    let grant = judgement.grant
    let by = judgement.group.map { " (by '\(Table.printable($0))')" } ?? ""
    let head = "  grant \(grant.number)\(by): \(Table.printable(grant.what)), may \(grant.may.joined(separator: ", "))"
    guard judgement.reasons.isEmpty else {
      return "\(head): does not, for \(Table.printable(judgement.reasons.joined(separator: "; ")))"
    }
    return judgement.objects > 0
      ? "\(head): opens \(judgement.objects) to \(judgement.right ?? "see")"
      : "\(head): would open it, were it not for what follows"
  }
}

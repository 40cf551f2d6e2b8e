// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct ConsentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "consent", abstract: "What patients said about who may see their records.",
    discussion: """
      A veto outranks grants: nobody whom it is against sees what it is on, but the patient, and in an emergency those who \
      have emergency access unless --even-in-emergency was said. Grants that rest on a delegation or a permission end with it.
      """,
    subcommands: [Veto.self, Delegate.self, Permit.self, List.self, Withdraw.self])
}

extension ConsentCommand {
  struct Veto: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Record that a patient forbids.",
      discussion:
        "Example: collimator consent veto --patient 4711 --issuer CITYHOSPITAL --against clinic --type reports")

    @OptionGroup var target: VetoOptions

    @Option(help: "The peer, user or group against whom it is; without it, everybody.")
    var against: String?

    @Flag(help: "It holds in an emergency too.")
    var evenInEmergency = false

    @OptionGroup var said: SaidOptions

    func run() async throws {
      guard let scope = target.records.scope else { return }
      try await said.record(
        "veto", scope: scope, narrowing: target.records.narrowing(), party: against, holdsInEmergency: evenInEmergency)
    }
  }

  struct Delegate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Record that a patient lets somebody decide.")

    @OptionGroup var given: GivenOptions
    @OptionGroup var said: SaidOptions

    func run() async throws { try await said.record("delegation", given) }
  }

  struct Permit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Record that a patient allows.")

    @OptionGroup var given: GivenOptions
    @OptionGroup var said: SaidOptions

    func run() async throws { try await said.record("permission", given) }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the consents, those that were withdrawn too.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .access(.consents(let consents)) = try await archive.perform(.access(.listConsents)) else { return }
      guard !listing.json else { return try Output.print(json: consents) }
      var table = Table("NO", "KIND", "WHAT", "WHOM", "UNTIL", "RECORDED", "WITHDRAWN")
      for consent in consents {
        table.add(
          String(consent.number), consent.kind + (consent.holdsInEmergency ? ", even in an emergency" : ""),
          consent.what, consent.party ?? "everybody", consent.until ?? "-",
          "\(consent.recorded) by \(consent.recordedBy)", consent.withdrawn ?? "-")
      }
      Output.print(table.text)
      for consent in consents {
        guard let other = consent.mergedInto else { continue }
        Output.note(
          "WARNING: consent \(consent.number) reaches nothing: its patient was merged into \(Table.printable(other)). Record it "
            + "for that ID, and withdraw this one.")
      }
    }
  }

  struct Withdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Record that a patient takes it back; the grants that rest on it end.")

    @Argument(help: "The consent's number, as 'collimator consent list' shows it.")
    var number: Int

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.access(.withdrawConsent(number: number))).printOutcome()
    }
  }
}

/// Of whom a delegation or permission is, and for whom.
struct GivenOptions: ParsableArguments {
  @Option(help: "The Patient ID.")
  var patient: String

  @Option(help: "The Issuer of Patient ID.")
  var issuer: String?

  @Option(help: "The peer, user or group for whom it is.")
  var to: String?
}

/// When it holds, and where it is written.
struct SaidOptions: ParsableArguments {
  @Option(help: "When it begins.")
  var from: String?

  @Option(help: "When it ends.")
  var until: String?

  @Option(help: "Where it is written: a paper, a form.")
  var reference: String?

  @OptionGroup var archive: DataDirectoryOptions

  func record(_ kind: String, _ given: GivenOptions) async throws {
    try await record(
      kind, scope: .patient(id: given.patient, issuer: given.issuer), narrowing: .init(), party: given.to,
      holdsInEmergency: false)
  }

  func record(
    _ kind: String, scope: GrantDraft.Scope, narrowing: GrantDraft.Narrowing, party: String?, holdsInEmergency: Bool
  ) async throws {
    let message = ConsentMessage(
      kind: kind, scope: scope, narrowing: narrowing, party: party, holdsInEmergency: holdsInEmergency,
      from: try from.map(EndOfGrant.beginning), until: try until.map(EndOfGrant.seconds), reference: reference)
    try await archive.perform(.access(.recordConsent(message))).printOutcome()
  }
}

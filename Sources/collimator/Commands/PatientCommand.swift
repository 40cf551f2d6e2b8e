// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct PatientCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "patient", abstract: "Whose the studies are: merge, undo, and what objects contradict each other in.",
    subcommands: [Merge.self, Corrections.self, Undo.self, Differences.self])
}

extension PatientCommand {
  struct Merge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Two Patient IDs are one person: what came or comes under the first is answered under the second.",
      discussion: """
        The files stay as they were received. Grants on the first patient do not open what is the second's from now on; \
        grants on the second do, and are shown before.

        Example: collimator patient merge 4711 0815 --issuer CITYHOSPITAL --reason 'double registration'
        """)

    @Argument(help: "The Patient ID that is given up.")
    var from: String

    @Argument(help: "The Patient ID that stays.")
    var into: String

    @Option(help: "Who gave both IDs.")
    var issuer: String?

    @Option(help: "Who gave the first, where that is somebody else.")
    var fromIssuer: String?

    @OptionGroup var given: GivenPatientOptions
    @OptionGroup var correction: CorrectionOptions

    func run() async throws {
      let names = (
        PatientName(id: from, issuer: fromIssuer ?? issuer), PatientName(id: into, issuer: issuer)
      )
      try await correction.perform { agreed in
        .mergePatients(names.0, into: names.1, given: given.patient, reason: correction.reason, agreed: agreed)
      }
    }
  }

  struct Corrections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the corrections, those that were undone too.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .records(.corrections(let corrections)) = try await archive.perform(.records(.listCorrections)) else {
        return
      }
      guard !listing.json else { return try Output.print(json: corrections) }
      var table = Table("NO", "KIND", "STUDY", "FROM", "TO", "MADE", "BY", "REASON", "UNDONE")
      for correction in corrections {
        table.add(
          String(correction.number), correction.kind, correction.studyInstanceUID ?? "-", correction.from,
          correction.to, correction.made, correction.madeBy, correction.reason, correction.undone ?? "-")
      }
      Output.print(table.text)
    }
  }

  struct Undo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Undo a merge or a reassignment: as if it had never been made. Later ones stand.")

    @Argument(help: "The correction's number, as 'collimator patient corrections' shows it.")
    var number: Int

    @OptionGroup var correction: CorrectionOptions

    func run() async throws {
      try await correction.perform { agreed in
        .undoCorrection(number: number, reason: correction.reason, agreed: agreed)
      }
    }
  }

  struct Differences: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show where objects of one patient say different things of that patient.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .records(.differences(let differences)) = try await archive.perform(.records(.listDifferences)) else {
        return
      }
      guard !listing.json else { return try Output.print(json: differences) }
      var table = Table("PATIENT", "STUDY", "ATTRIBUTE", "ANSWERED", "ELSEWHERE")
      for difference in differences {
        table.add(
          difference.patient, difference.studyInstanceUID, difference.attribute, difference.value, difference.other)
      }
      Output.print(table.text)
    }
  }
}

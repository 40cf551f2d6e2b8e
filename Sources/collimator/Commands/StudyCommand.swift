// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct StudyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study", abstract: "Set right whose a study is.", subcommands: [Reassign.self])
}

extension StudyCommand {
  struct Reassign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A study was sent under the wrong patient: answer it under the right one.",
      discussion: """
        The files stay as they were received; undo it with 'collimator patient undo'.

        Example: collimator study reassign 1.2.3 --to 0815 --issuer CITYHOSPITAL --reason 'wrong worklist entry'
        """)

    @Argument(help: "The Study Instance UID.")
    var study: String

    @Option(help: "The Patient ID of the right patient.")
    var to: String

    @Option(help: "Who gave that ID.")
    var issuer: String?

    @Option(
      help:
        "The Patient ID under which it is answered now, where several patients have a study of this UID; '' for nobody's."
    )
    var from: String?

    @Option(help: "Who gave that ID, where several did.")
    var fromIssuer: String?

    @OptionGroup var given: GivenPatientOptions
    @OptionGroup var correction: CorrectionOptions

    func run() async throws {
      try await correction.perform { agreed in
        .reassignStudy(
          studyInstanceUID: study, from: from.map { PatientName(id: $0, issuer: fromIssuer) },
          to: PatientName(id: to, issuer: issuer), given: given.patient, reason: correction.reason, agreed: agreed)
      }
    }
  }
}

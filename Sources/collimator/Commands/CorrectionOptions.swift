// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Node

/// What every correction takes.
struct CorrectionOptions: ParsableArguments {
  @Option(help: "Why: it is written down with the correction.")
  var reason: String

  @Flag(help: "Do it even where grants open more by it, without asking.")
  var yes = false

  @OptionGroup var archive: DataDirectoryOptions

  /// Performs a correction; where grants would open more, shows them and asks, or, where nobody can be asked, refuses.
  func perform(_ operation: (_ agreed: Bool) -> RecordsOperation) async throws {
    let outcome = try await archive.perform(.records(operation(yes)))
    guard case .records(.wouldWiden(let grants)) = outcome else { return outcome.printOutcome() }
    var table = Table("NO", "TO", "WHAT", "UNTIL", "GRANTED BY")
    for grant in grants { table.add(String(grant.number), grant.to, grant.what, grant.until ?? "-", grant.grantedBy) }
    Output.note("these grants will open more than they do:\n\(table.text)")
    guard isatty(STDIN_FILENO) == 1 else { throw ValidationError("say --yes if that is meant: nothing was changed") }
    Output.note("go on? (yes/no)")
    guard readLine(strippingNewline: true) == "yes" else { throw ExitCode.failure }
    try await archive.perform(.records(operation(true))).printOutcome()
  }
}

/// What is known of a patient of whom no study is stored yet.
struct GivenPatientOptions: ParsableArguments {
  @Option(help: "The right Patient's Name, where no study of that patient is here to take it from.")
  var name: String?

  @Option(help: "The right Patient's Birth Date, YYYYMMDD.")
  var birthDate: String?

  @Option(help: "The right Patient's Sex: M, F or O.")
  var sex: String?

  var patient: GivenPatient { GivenPatient(name: name, birthDate: birthDate, sex: sex) }
}

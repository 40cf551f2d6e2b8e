// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DICOMData
import Foundation
import Node
import ServiceClasses

/// What is to be retrieved: the deepest that is named, with what stands above it.
struct RetrieveOptions: ParsableArguments {
  @Option(help: "The Patient ID; alone, all of that patient. Asks in the Patient Root information model.")
  var patient: String?

  @Option(help: "Who gave the Patient ID.")
  var issuer: String?

  @Option(help: "A Study Instance UID. Repeatable, where nothing below is named.")
  var study: [String] = []

  @Option(help: "A Series Instance UID in the study. Repeatable, where no instance is named.")
  var series: [String] = []

  @Option(help: "A SOP Instance UID in the series. Repeatable.")
  var instance: [String] = []

  func validate() throws {
    guard patient != nil || !study.isEmpty else { throw ValidationError("name a --study or a --patient") }
    guard issuer == nil || patient != nil else { throw ValidationError("--issuer goes with --patient") }
    guard series.isEmpty || study.count == 1 else { throw ValidationError("--series goes with one --study") }
    guard instance.isEmpty || series.count == 1 else { throw ValidationError("--instance goes with one --series") }
  }

  func retrieval(from node: RemoteNode) -> ObjectRetrieval {
    let wanted = WantedObjects(
      patientID: patient, issuerOfPatientID: issuer, studyInstanceUIDs: study, seriesInstanceUIDs: series,
      sopInstanceUIDs: instance)
    return ObjectRetrieval(of: wanted, from: node)
  }

  /// One line on a terminal while it goes on.
  static func draw(_ progress: ObjectRetrieval.Progress) {
    guard Output.noteIsTerminal else { return }
    Output.write("\r\u{1B}[K\(progress.done) of \(progress.total)", to: .standardError)
  }

  static func print(_ outcome: RetrieveOutcome, of called: String, json: Bool) throws {
    if Output.noteIsTerminal { Output.write("\r\u{1B}[K", to: .standardError) }
    if json {
      try Output.print(json: outcome)
    } else {
      for uid in outcome.failedSOPInstanceUIDs { Output.print("failed  \(uid)") }
      if !outcome.isComplete {
        Output.print("\(called) answered \(outcome.status)" + (outcome.comment.map { ": \($0)" } ?? ""))
      }
      let warnings = outcome.warning > 0 ? ", \(outcome.warning) with a warning" : ""
      Output.print("\(outcome.completed) retrieved, \(outcome.failed) failed\(warnings)")
    }
    if !outcome.isComplete { throw ExitCode.failure }
  }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Node

struct SendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Send DICOM files to a node (C-STORE), each data set as it stands in its file.")

  @Argument(help: "Files, and folders whose files are all sent.")
  var path: [String]

  @Option(help: "Objects that may wait for their answers at once, where the node agrees to that.")
  var outstanding = 1

  @OptionGroup var listing: ListingOptions
  @OptionGroup var remote: RemoteOptions

  func run() async throws {
    let files = try FileWalk(path).files
    var bar = ProgressBar("sending", total: files.count)
    var outcomes: [SendOutcome] = []
    for try await outcome in FileSending(files, to: try remote.node(), outstanding: outstanding)
      .outcomes()
    {
      outcomes.append(outcome)
      bar.advance()
    }
    bar.finish()
    if listing.json { try Output.print(json: outcomes) } else { Self.print(outcomes) }
    if outcomes.contains(where: { !$0.isStored }) { throw ExitCode.failure }
  }

  private static func print(_ outcomes: [SendOutcome]) {
    for outcome in outcomes where !outcome.isStored {
      Output.print("refused  \(outcome.path): \(outcome.status.map { "\($0) " } ?? "")\(outcome.comment ?? "")")
    }
    let stored = outcomes.count { $0.isStored }
    Output.print("\(stored) stored, \(outcomes.count - stored) refused")
  }
}

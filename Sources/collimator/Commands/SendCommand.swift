// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Node
import UpperLayer

struct SendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Send DICOM files to a node (C-STORE), each data set as it stands in its file.")

  @Argument(help: "Files, and folders whose files are all sent.")
  var path: [String]

  @Option(help: "Objects that may wait for their answers at once, where the node agrees to that.")
  var outstanding = 1

  @OptionGroup var listing: ListingOptions
  @OptionGroup var remote: RemoteOptions

  func validate() throws {
    // PS3.7 D.3.3.3.1
    guard (1...65_535).contains(outstanding) else {
      throw ValidationError("--outstanding is \(outstanding), not 1 to 65535")
    }
  }

  func run() async throws {
    let files = try FileWalk(path).files
    guard !files.isEmpty else {
      throw ValidationError("there is no file in \(path.map { "'\($0)'" }.joined(separator: ", "))")
    }
    let node = try remote.node()
    var bar = ProgressBar("sending", total: files.count)
    var outcomes: [SendOutcome] = []
    var failure: (any Error)?
    do {
      for try await outcome in FileSending(files, to: node, outstanding: outstanding).outcomes() {
        outcomes.append(outcome)
        bar.advance()
      }
    } catch let end as AssociationEnd {
      failure = remote.explained(end, by: node)
    } catch {
      failure = error
    }
    bar.finish()
    // What came before the other node gave up is told too: it has that.
    if failure == nil || node.hasAccepted { try show(outcomes, of: files) }
    if let failure { throw failure }
    if outcomes.contains(where: { !$0.isStored }) { throw ExitCode.failure }
  }

  private func show(_ outcomes: [SendOutcome], of files: [String]) throws {
    // A file may be named twice, and is sent as often.
    var answered = Dictionary(outcomes.map { ($0.path, 1) }, uniquingKeysWith: +)
    let unanswered = files.filter { path in
      answered[path, default: 0] -= 1
      return answered[path, default: 0] < 0
    }
    guard !listing.json else { return try Output.print(json: outcomes + unanswered.map(SendOutcome.unanswered)) }
    for outcome in outcomes where !outcome.isStored {
      Output.print("refused  \(outcome.path): \(outcome.status.map { "\($0) " } ?? "")\(outcome.comment ?? "")")
    }
    let stored = outcomes.count { $0.isStored }
    Output.print(
      "\(stored) stored, \(outcomes.count - stored) refused"
        + (unanswered.isEmpty ? "" : ", \(unanswered.count) not sent or not answered"))
  }
}

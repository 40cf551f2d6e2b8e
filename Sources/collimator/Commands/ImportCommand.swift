// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Foundation
import Node

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Store DICOM files from disk as if a modality had sent them.")

  @Argument(help: "Files, folders whose files are all read, and DICOMDIRs, which stand for the files that they name.")
  var path: [String]

  @Option(help: "Who gave the Patient IDs of files that name no issuer.")
  var issuer: String?

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  /// Enough that files share their syncs, few enough that a node's own callers do not notice.
  private static let filesAtOnce = 8

  func run() async throws {
    let sources = try ImportSources(path)
    let files = sources.files
    var summary = try await DataDirectory(path: archive.path()).withOperations(as: .current, mayBegin: true) {
      perform in
      await Self.importAll(files, issuer: issuer, perform)
    }
    for missing in sources.missing {
      summary.add(ImportOutcome(kind: .refused, remarks: [missing.reason]), of: missing.path)
    }
    if listing.json { try Output.print(json: summary) } else { summary.printText() }
    if let reason = summary.stoppedBecause {
      Output.note("Error: \(reason)")
      Output.note("\(summary.notTried) files were not tried: run it again, what is stored is passed over")
    }
    if !summary.refused.isEmpty { throw ExitCode.failure }
  }

  private static func importAll(
    _ files: [String], issuer: String?, _ perform: @Sendable @escaping (Node.Operation) async throws -> OperationResult
  ) async -> ImportSummary {
    var summary = ImportSummary()
    var bar = ProgressBar("importing", total: files.count)
    await withTaskGroup(of: (String, Result<ImportOutcome, any Error>).self) { group in
      var waiting = files[...]
      for file in waiting.prefix(filesAtOnce) { group.addTask { (file, await outcome(of: file, issuer, perform)) } }
      waiting = waiting.dropFirst(filesAtOnce)
      while let (file, outcome) = await group.next() {
        switch outcome {
        case .success(let outcome): summary.add(outcome, of: file)
        case .failure(let error):
          // It is not about this file: the others would fare no better.
          summary.stop(at: file, because: "\(error)", notTried: waiting.count)
          waiting = []
        }
        bar.advance()
        guard let next = waiting.popFirst() else { continue }
        group.addTask { (next, await Self.outcome(of: next, issuer, perform)) }
      }
    }
    bar.finish()
    return summary
  }

  private static func outcome(
    of file: String, _ issuer: String?, _ perform: @Sendable (Node.Operation) async throws -> OperationResult
  ) async -> Result<ImportOutcome, any Error> {
    do {
      guard case .imported(let outcome) = try await perform(.importFile(path: file, issuer: issuer)) else {
        throw OperationError("the node gave an answer that is not about a file")
      }
      return .success(outcome)
    } catch {
      return .failure(error)
    }
  }
}

/// What became of the files, for the end of an import.
private struct ImportSummary: Encodable, Sendable {
  struct Refusal: Encodable { let path: String, reason: String }
  struct Remark: Encodable { let path: String, remark: String }

  private(set) var stored = 0
  private(set) var alreadyStored = 0
  private(set) var refused: [Refusal] = []
  private(set) var remarks: [Remark] = []
  /// Why no more files were tried; nil where all were.
  private(set) var stoppedBecause: String?
  private(set) var notTried = 0

  /// Whether this file was stored nobody has heard.
  mutating func stop(at file: String, because reason: String, notTried: Int) {
    refused.append(Refusal(path: file, reason: "no answer: \(reason)"))
    stoppedBecause = stoppedBecause ?? reason
    self.notTried += notTried
  }

  mutating func add(_ outcome: ImportOutcome, of file: String) {
    switch outcome.kind {
    case .stored: stored += 1
    case .alreadyStored: alreadyStored += 1
    case .refused:
      refused.append(Refusal(path: file, reason: outcome.remarks.joined(separator: "; ")))
      return
    }
    remarks += outcome.remarks.map { Remark(path: file, remark: $0) }
  }

  func printText() {
    for remark in remarks { Output.print("note     \(remark.path): \(remark.remark)") }
    for refusal in refused { Output.print("refused  \(refusal.path): \(refusal.reason)") }
    Output.print("\(stored) stored, \(alreadyStored) already there, \(refused.count) refused")
  }
}

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
    var summary = try await DataDirectory(path: archive.path()).withOperations(as: .current) { perform in
      await Self.importAll(files, issuer: issuer, perform)
    }
    for missing in sources.missing {
      summary.add(ImportOutcome(kind: .refused, remarks: [missing.reason]), of: missing.path)
    }
    if listing.json { try Output.print(json: summary) } else { summary.printText() }
    if !summary.refused.isEmpty { throw ExitCode.failure }
  }

  private static func importAll(
    _ files: [String], issuer: String?, _ perform: @Sendable @escaping (Node.Operation) async throws -> OperationResult
  ) async -> ImportSummary {
    var summary = ImportSummary()
    var bar = ProgressBar("importing", total: files.count)
    await withTaskGroup(of: (String, ImportOutcome).self) { group in
      var waiting = files.makeIterator()
      for _ in 0..<filesAtOnce {
        if let file = waiting.next() { group.addTask { (file, await outcome(of: file, issuer: issuer, perform)) } }
      }
      while let (file, outcome) = await group.next() {
        summary.add(outcome, of: file)
        bar.advance()
        if let next = waiting.next() { group.addTask { (next, await Self.outcome(of: next, issuer: issuer, perform)) } }
      }
    }
    bar.finish()
    return summary
  }

  private static func outcome(
    of file: String, issuer: String?, _ perform: @Sendable (Node.Operation) async throws -> OperationResult
  ) async -> ImportOutcome {
    do {
      guard case .imported(let outcome) = try await perform(.importFile(path: file, issuer: issuer)) else {
        return ImportOutcome(kind: .refused, remarks: ["the node gave an answer that is not about a file"])
      }
      return outcome
    } catch {
      return ImportOutcome(kind: .refused, remarks: ["\(error)"])
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

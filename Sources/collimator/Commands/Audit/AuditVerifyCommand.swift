// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Foundation
import Node

struct AuditVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Follow the chain of records, and find any that was changed, removed, moved or cut off.",
    discussion: """
      Without a checkpoint that was kept elsewhere, records cut off at the end cannot be missed. What was pruned is a record \
      that whoever can write to the database can write, too: where no checkpoint taken since confirms it, that is said, and the \
      status is 2, unless --retention says that it was old enough and something that the last checkpoint saw is left.
      """)

  @Option(help: "A file of checkpoints, as 'audit checkpoint --to' writes it. Repeatable.")
  var checkpoint: [String] = []

  @Option(help: "How many days records are kept here: what was pruned before it was so old is a fault.")
  var retention: Int?

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func validate() throws {
    if let retention, !(1...36_525).contains(retention) {
      throw ValidationError("--retention '\(retention)' is not from 1 to 36525 days")
    }
  }

  func run() async throws {
    let checkpoints = try checkpoint.flatMap { try AuditCheckpointFile(path: $0).read() }
    let order = AuditOrder.verify(checkpoints, retention: retention.map { Double($0) * 86_400 })
    guard case .verification(let report) = try await archive.perform(order) else { return }
    if listing.json {
      try Output.print(json: report)
    } else {
      print(report, of: checkpoints.count)
    }
    try OperationExit.report(isClean: report.isProven)
  }

  private func print(_ report: AuditVerification, of checkpoints: Int) {
    for fault in report.faults {
      Output.print(fault.record.map { "record \($0): \(fault.what)" } ?? fault.what)
    }
    let extent = report.records == 0 ? "no records" : "records \(report.first) to \(report.last)"
    Output.print(
      report.isWhole
        ? "\(extent): the chain holds; \(report.checkpointsHeld) of \(checkpoints) checkpoints compared"
        : "\(extent): \(report.faultCount) faults")
    if let pruned = report.pruned {
      Output.print(
        "pruned: records up to \(pruned.through), from before \(pruned.before), on \(pruned.at) by "
          + "\(pruned.by.isEmpty ? "the node" : "'\(pruned.by)'"), as record \(pruned.record) says")
    }
    if report.checkpointsBeforeCut > 0 {
      Output.print("\(report.checkpointsBeforeCut) checkpoints saw only what was pruned since")
    }
    for words in report.untold { Output.print("cannot be told: \(words)") }
  }
}

struct AuditCheckpointCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Print how far the chain has come, or write it where it survives this directory.",
    discussion: "Example, each night by cron: collimator audit checkpoint --to /mnt/elsewhere/checkpoints --syslog")

  @Option(help: "A file outside the data directory, to which a line is added.")
  var to: String?

  @Flag(help: "Say it to this machine's syslog too.")
  var syslog = false

  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let directory = try archive.path()
    let file = try to.map { try AuditCheckpointFile(path: $0, outside: directory) }
    guard case .checkpoint(let checkpoint) = try await archive.perform(.checkpoint) else { return }
    let line = try AuditCheckpointFile.line(checkpoint)
    try file?.append(line)
    if syslog {
      withVaList([strdup(line)].compactMap { $0 }) {
        vsyslog(LOG_NOTICE | LOG_AUTHPRIV, "collimator audit checkpoint %s", $0)
      }
    }
    Output.print(line)
  }
}

/// Checkpoints in a file, one JSON value a line.
struct AuditCheckpointFile {
  private let path: String

  init(path: String) {
    self.path = path
  }

  /// Whoever can change the records must not find the checkpoints beside them.
  init(path: String, outside directory: String) throws {
    let folder = URL(filePath: path).deletingLastPathComponent()
    let (resolved, root) = (Self.resolved(folder), Self.resolved(URL(filePath: directory)))
    guard resolved != root, !resolved.hasPrefix(root + "/") else {
      throw ValidationError("a checkpoint inside the data directory proves nothing: give a path outside '\(directory)'")
    }
    self.path = path
  }

  func read() throws -> [AuditCheckpoint] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ValidationError("'\(path)' cannot be read")
    }
    let lines = data.split(separator: UInt8(ascii: "\n")).filter { !$0.isEmpty }
    let checkpoints = try lines.map { line in
      do {
        return try JSONDecoder().decode(AuditCheckpoint.self, from: Data(line))
      } catch {
        throw ValidationError("'\(path)' has a line that is no checkpoint")
      }
    }
    guard !checkpoints.isEmpty else { throw ValidationError("'\(path)' has no checkpoint") }
    return checkpoints
  }

  func append(_ line: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ValidationError("'\(path)' cannot be written: \(String(cString: strerror(errno)))")
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try handle.write(contentsOf: Data((line + "\n").utf8))
    try handle.synchronize()
  }

  static func line(_ checkpoint: AuditCheckpoint) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(checkpoint), as: UTF8.self)
  }

  private static func resolved(_ url: URL) -> String {
    let path = url.resolvingSymlinksInPath().standardizedFileURL.path(percentEncoded: false)
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }
}

struct AuditPruneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Take away the oldest records; that they were taken is a record itself.")

  @Option(help: "Records before this date or time go.")
  var before: String

  @Flag(help: "Do not ask.")
  var yes = false

  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let time = try AuditTime.start(before, of: "--before")
    guard yes || Self.isConfirmed(before) else { throw ExitCode.failure }
    guard case .pruned(let count) = try await archive.perform(.prune(before: time)) else { return }
    Output.print("\(count) records from before \(AuditTime.text(time)) are gone.")
    if count > 0 {
      Output.note("Take a checkpoint now ('collimator audit checkpoint --to …'): it confirms that you did this.")
    }
  }

  private static func isConfirmed(_ before: String) -> Bool {
    Output.note("Records from before \(before) will be gone for good. Type 'yes' to go on:")
    return readLine() == "yes"
  }
}

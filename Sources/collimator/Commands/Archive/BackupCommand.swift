// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Node

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the archive to a folder, while it goes on; verify what is there.",
    discussion: """
      'collimator backup FOLDER' is 'collimator backup make FOLDER', whose options (--keep NUMBER among them) \
      'collimator backup make --help' tells. A folder named make or verify is ./make or ./verify.
      """,
    subcommands: [BackupMakeCommand.self, BackupVerifyCommand.self], defaultSubcommand: BackupMakeCommand.self)
}

struct BackupMakeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make",
    abstract: "Copy the archive to a folder, while it goes on; files that are there are not copied again.",
    discussion: """
      The folder holds each file once (objects/) and, for each backup, the database at one moment (backups/TIME). The node \
      writes them, if one is running: as its user. TLS keys and certificates are not in it.
      Exit codes: 0, all is in it; 1, it could not be done; 2, it is made, and the archive itself lacks some files.
      """)

  @Argument(help: "The folder, best on another machine's disk; made where there is none.")
  var folder: String

  @Option(help: "Keep the newest so many backups, and remove older ones and files that only they needed.")
  var keep: Int?

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let operation = ArchiveOperation.backup(folder: AbsolutePath.of(folder), keeping: keep)
    guard case .backup(let report) = try await archive.perform(operation) else { return }
    if listing.json { try Output.print(json: report) } else { Self.print(report) }
    try OperationExit.report(isClean: report.isClean)
  }

  private static func print(_ report: BackupReport) {
    for instance in report.withoutFile { Output.print("without file  \(Table.printable(instance))") }
    Output.print(
      "backup \(report.name): \(report.instances) instances, \(report.copiedFiles) files "
        + "(\(ByteCount.text(report.copiedBytes))) copied now")
    if !report.removedBackups.isEmpty {
      Output.print(
        "removed: \(report.removedBackups.joined(separator: ", ")), and \(report.removedFiles) files that only they needed"
      )
    }
  }
}

struct BackupVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Read the backups in a folder, and compare them with what was received.",
    discussion: """
      Nothing is restored, and no data directory is needed: the database of each backup is read, and each file that one of \
      them names. A damaged file is named, and gets another name (.dcm.damaged) where the folder can be written to: the next \
      backup then copies the object anew.
      Exit codes: 0, all is whole; 1, it could not be done; 2, something is not, and is named.
      """)

  @Argument(help: "The folder that backups were made to.")
  var folder: String

  @Option(help: "This one alone; by default all that are finished.")
  var backup: String?

  @OptionGroup var listing: ListingOptions

  func run() async throws {
    let report = try await verify()
    if listing.json { try Output.print(json: report) } else { Self.print(report) }
    try OperationExit.report(isClean: report.isClean)
  }

  private func verify() async throws -> BackupVerificationReport {
    let line = ProgressLine()
    defer { line.clear() }
    return try await BackupReading.verify(AbsolutePath.of(folder), backup: backup) { line.draw($0) }
  }

  private static func print(_ report: BackupVerificationReport) {
    for backup in report.backups {
      for fault in backup.faults {
        let names = [fault.object, fault.sopInstanceUID].compactMap { $0 }.joined(separator: " ")
        Output.print("\(fault.kind.rawValue)  \(Table.printable(names)): \(Table.printable(fault.detail))")
      }
      let lacking = backup.withoutFile.isEmpty ? "" : ", \(backup.withoutFile.count) without file as in the archive"
      Output.print(
        "backup \(backup.name): \(backup.instances) instances (\(ByteCount.text(backup.bytes)))\(lacking), "
          + "\(backup.faultCount) faults")
    }
  }
}

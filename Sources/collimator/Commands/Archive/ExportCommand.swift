// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Node

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Copy stored objects, byte for byte, to a folder of DICOM files.",
    discussion: """
      Nothing in the folder is written over. An export that was interrupted goes on when it is run again. Of several \
      versions of an object the earliest is taken. The node writes the files, if one is running: as its user.
      Exit codes: 0, all was exported; 1, it could not be done; 2, some of it could not be exported, and is named.
      """)

  @Argument(help: "The folder to write to; made where there is none.")
  var folder: String

  @OptionGroup var selection: SelectionOptions

  @Flag(name: .customLong("dicomdir"), help: "Name the files by PS3.10 §8.2 and write a DICOMDIR, as on a CD.")
  var writesDICOMDIR = false

  @Option(name: .customLong("file-set-id"), help: "The File-set ID of the DICOMDIR: up to 16 of A-Z, 0-9, space and _.")
  var fileSetID = ""

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let result = try await archive.perform(
      .export(
        selection.draft(), folder: AbsolutePath.of(folder), writesDICOMDIR: writesDICOMDIR, fileSetID: fileSetID))
    guard case .export(let report) = result else { return }
    if listing.json { try Output.print(json: report) } else { Self.print(report) }
    try OperationExit.report(isClean: report.isClean)
  }

  private static func print(_ report: ExportReport) {
    for remark in report.remarks { Output.print("note    \(Table.printable(remark))") }
    for failure in report.failures { Output.print("failed  \(Table.printable(failure))") }
    Output.print(
      "\(report.exported) exported (\(ByteCount.text(report.bytes))), \(report.alreadyThere) there already, "
        + "\(report.failures.count) failed")
    if report.otherVersions > 0 { Output.print("\(report.otherVersions) other versions of objects were left out") }
  }
}

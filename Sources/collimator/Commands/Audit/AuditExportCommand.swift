// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Foundation
import Node

struct AuditExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write records as DICOM audit messages (PS3.15 A.5), the oldest first.",
    discussion: """
      One XML document a line, to standard output or to a file; with --folder, one file for each record. How this node calls \
      itself as the source is --source.
      """)

  @OptionGroup var filter: AuditFilterOptions

  @Option(help: "A new file to write to.")
  var output: String?

  @Option(help: "A folder in which each message is a file, named by the record's number.")
  var folder: String?

  @Option(help: "The Audit Source ID. (default: COLLIMATOR)")
  var source = "COLLIMATOR"

  @OptionGroup var archive: DataDirectoryOptions

  func validate() throws {
    guard output == nil || folder == nil else { throw ValidationError("give one of --output and --folder") }
  }

  func run() async throws {
    let format = AuditMessageFormat(source: source)
    let handle = try output.map(Self.create) ?? .standardOutput
    if let folder { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    var count = 0
    try await AuditPages(archive).forEach(try filter.filter()) { page in
      count += page.count
      if let folder {
        for record in page {
          for (part, message) in format.messages(of: record).enumerated() {
            let file = try Self.create("\(folder)/\(record.number)\(part == 0 ? "" : "-\(part + 1)").xml")
            try file.write(contentsOf: Data((message + "\n").utf8))
          }
        }
      } else {
        try handle.write(contentsOf: Data(page.flatMap { format.messages(of: $0) }.map { $0 + "\n" }.joined().utf8))
      }
    }
    Output.note("\(count) records")
  }

  /// Nothing is written over; it may name patients, and is for its owner alone.
  private static func create(_ path: String) throws -> FileHandle {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ValidationError("'\(path)' cannot be made: \(String(cString: strerror(errno)))")
    }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }
}

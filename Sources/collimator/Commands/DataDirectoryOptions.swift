// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Foundation
import Node

/// Where the archive is: `--data`, or the environment's COLLIMATOR_DATA.
struct DataDirectoryOptions: ParsableArguments {
  @Option(name: .long, help: "The data directory of the node (or the environment's COLLIMATOR_DATA).")
  var data: String?

  func path() throws -> String {
    guard let path = data ?? ProcessInfo.processInfo.environment["COLLIMATOR_DATA"], !path.isEmpty else {
      throw ValidationError("which archive? Give --data DIR or set COLLIMATOR_DATA.")
    }
    return URL(filePath: path).standardizedFileURL.path(percentEncoded: false).trimmingSuffix("/")
  }

  /// The title that the node of this directory would have; one that runs knows better.
  func aeTitle() async throws -> String {
    try await Settings(flags: SettingOptions.parse([]), directory: path()).text(.aeTitle)
  }

  /// Performs one operation in the directory, through the node that runs there or directly.
  func perform(_ operation: Node.Operation) async throws -> OperationResult {
    let directory = try DataDirectory(path: path())
    let hadArchive = directory.hasArchive
    let result = try await directory.withOperations(as: .current, mayBegin: operation.mayBegin) { perform in
      try await perform(operation)
    }
    // A mistyped path, or a disk that is not mounted, would be found only once somebody is refused.
    if !hadArchive {
      Output.note("note: there was no archive in '\(Table.printable(directory.path))': a new one was made")
    }
    return result
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: Character) -> String {
    count > 1 && last == suffix ? String(dropLast()) : self
  }
}

/// How a listing is printed.
struct ListingOptions: ParsableArguments {
  @Flag(name: .long, help: "Print JSON for scripts instead of a table.")
  var json = false
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct ReloadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload", abstract: "Make the running node read its TLS certificates anew, as SIGHUP does.",
    discussion: """
      The node also looks by itself, when somebody calls, whether the files have changed. Files that are wrong are not \
      taken: the old certificates stay in use, and what is wrong is said here and in the log.
      """)

  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    try await DataDirectory(path: archive.path()).reload().printOutcome()
  }
}

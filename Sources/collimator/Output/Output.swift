// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where a command's words go: answers to standard output, complaints and progress to standard error.
enum Output {
  static func print(_ text: String) {
    write(text + "\n", to: .standardOutput)
  }

  static func note(_ text: String) {
    write(text + "\n", to: .standardError)
  }

  /// Pretty-printed with sorted keys, so that two runs can be compared line by line.
  static func print(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", to: .standardOutput)
  }

  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  static var noteIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  static func write(_ text: String, to handle: FileHandle) {
    // A reader that went away (`| head`) is no reason to fail.
    try? handle.write(contentsOf: Data(text.utf8))
  }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where a command's words go: answers to standard output, complaints and progress to standard error.
enum Output {
  /// Whatever it quotes, of another node or of a file, moves no cursor.
  static func print(_ text: String) {
    write(harmless(text) + "\n", to: .standardOutput)
  }

  static func note(_ text: String) {
    write(harmless(text) + "\n", to: .standardError)
  }

  /// Lines and tabs stay; other control characters of ASCII, and those of C1 that terminals take for escape sequences, do not.
  static func harmless(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: \.movesCursor) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.movesCursor ? "\u{FFFD}" : $0 }))
  }

  /// Pretty-printed with sorted keys, so that two runs can be compared line by line.
  static func print(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(jsonText: String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// JSON that says what it said and moves no cursor: C0 is escaped in it already (RFC 8259 §7), DEL and C1 need not be, and
  /// are here. Only within its strings there can be any.
  static func print(jsonText text: String) {
    write(escaped(text) + "\n", to: .standardOutput)
  }

  private static func escaped(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: \.movesCursor) else { return json }
    return json.unicodeScalars.reduce(into: "") { text, scalar in
      if scalar.movesCursor {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }

  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  static var noteIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  static func write(_ text: String, to handle: FileHandle) {
    // A reader that went away (`| head`) is no reason to fail.
    try? handle.write(contentsOf: Data(text.utf8))
  }
}

extension Unicode.Scalar {
  fileprivate var movesCursor: Bool {
    switch value {
    case 0x09, 0x0A: false
    case 0..<0x20, 0x7F..<0xA0: true
    default: false
    }
  }
}

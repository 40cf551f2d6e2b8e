// SPDX-License-Identifier: Apache-2.0

import Logging

/// One line for each event on standard error, whose values cannot be taken for more keys: what holds a space, a quote or an
/// equals sign is quoted, since some of it is what strangers wrote.
struct QuotingLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  private var stream: StreamLogHandler

  init(label: String) {
    stream = StreamLogHandler.standardError(label: label)
  }

  var logLevel: Logger.Level {
    get { stream.logLevel }
    set { stream.logLevel = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var event = event
    event.metadata = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { value in
      if case .string(let text) = value { .string(Self.quoted(text)) } else { .string(Self.quoted("\(value)")) }
    }
    stream.log(event: event)
  }

  /// Within the quotes a quote is `\u{22}`.
  static func quoted(_ value: String) -> String {
    guard !isPlain(value) else { return value }
    return "\"\(value.utf8.contains(UInt8(ascii: "\"")) ? value.replacing("\"", with: "\\u{22}") : value)\""
  }

  private static func isPlain(_ value: String) -> Bool {
    // Nearly all are ASCII, and a line has a dozen of them: bytes are looked at much faster than characters.
    guard value.utf8.allSatisfy({ $0 < 0x80 }) else {
      return value.allSatisfy { !$0.isWhitespace && !"\"'=".contains($0) }
    }
    return !value.isEmpty
      && value.utf8.allSatisfy { byte in
        switch byte {
        case 0x09...0x0D, UInt8(ascii: " "), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "="): false
        default: true
        }
      }
  }
}

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
    event.metadata = metadata.merging(event.metadata ?? [:]) { $1 }
      .mapValues { .string(Self.quoted("\($0)")) }
    stream.log(event: event)
  }

  /// Within the quotes a quote is `\u{22}`.
  static func quoted(_ value: String) -> String {
    let isPlain = !value.isEmpty && value.allSatisfy { !$0.isWhitespace && !"\"'=".contains($0) }
    return isPlain ? value : "\"\(value.replacing("\"", with: "\\u{22}"))\""
  }
}

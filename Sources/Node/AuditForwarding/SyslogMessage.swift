// SPDX-License-Identifier: Apache-2.0

import Archive
import Foundation
import Glibc
import NIOCore

/// An audit message as syslog carries it (RFC 5424, PS3.15 A.6).
struct SyslogMessage {
  /// Facility 10 (security and authorization), severity 5 (notice).
  private static let priority = 10 * 8 + 5
  /// Longer ones say how many objects moved, and not which: a receiver need not take more (RFC 5425 §4.3.1).
  private static let longest = 60_000

  let text: String

  /// One for each patient that a record is about.
  static func all(of record: AuditRecord, source: String) -> [SyslogMessage] {
    let (full, brief) = (
      AuditMessageFormat(source: source), AuditMessageFormat(source: source, namesInstances: false)
    )
    let messages = full.messages(of: record)
    let isShort = messages.allSatisfy { $0.utf8.count <= longest }
    return (isShort ? messages : brief.messages(of: record)).map { SyslogMessage($0, of: record, source: source) }
  }

  private init(_ message: String, of record: AuditRecord, source: String) {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    let time = Date(timeIntervalSince1970: record.time).formatted(style)
    // RFC 5424 §6: priority and version, time, host, application, process, message ID, no structured data; the BOM says UTF-8.
    text =
      "<\(Self.priority)>1 \(time) \(Self.host) \(Self.word(source)) \(getpid()) DICOM+RFC3881 - \u{FEFF}\(message)"
  }

  /// RFC 5425 §4.3: octets are counted.
  var framed: ByteBuffer { ByteBuffer(string: "\(text.utf8.count) \(text)") }

  var datagram: ByteBuffer { ByteBuffer(string: text) }

  private static let host = word(ProcessInfo.processInfo.hostName)

  /// RFC 5424 §6: printable ASCII without spaces.
  private static func word(_ text: String) -> String {
    let word = text.unicodeScalars.filter { (0x21...0x7E).contains($0.value) }.prefix(48)
    return word.isEmpty ? "-" : String(String.UnicodeScalarView(word))
  }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The 16 bytes of an AE title as they stand in a PDU, because an acceptance sends back the very bytes (PS3.8 §9.3.3).
package struct AETitleField: Sendable, Hashable {
  private let first: UInt64
  private let last: UInt64

  /// Cut, or padded with spaces, to 16 bytes.
  package init(_ title: String) {
    var buffer = ByteBuffer()
    buffer.writeBytes(title.utf8.prefix(16))
    buffer.writeRepeatingByte(UInt8(ascii: " "), count: 16 - buffer.readableBytes)
    self = AETitleField(reading: &buffer) ?? AETitleField(first: 0, last: 0)
  }

  init?(reading buffer: inout ByteBuffer) {
    guard let (first, last) = buffer.readMultipleIntegers(as: (UInt64, UInt64).self) else { return nil }
    self.init(first: first, last: last)
  }

  private init(first: UInt64, last: UInt64) {
    self.first = first
    self.last = last
  }

  func write(to buffer: inout ByteBuffer) {
    buffer.writeMultipleIntegers(first, last)
  }

  /// ISO 646 with leading and trailing spaces not significant (PS3.8 Table 9-11); devices pad with NUL too. What is beyond
  /// ASCII is U+FFFD here.
  package var title: String {
    withUnsafeBytes(of: (first.bigEndian, last.bigEndian)) { field in
      let bytes = field.prefix { $0 != 0 }.trimmingSpaces
      // Nearly all that comes is of this kind.
      if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
      return String(String.UnicodeScalarView(bytes.map { $0 < 0x80 ? Unicode.Scalar($0) : "\u{FFFD}" }))
    }
  }
}

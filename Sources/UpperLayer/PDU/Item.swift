// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// An item or sub-item of a PDU: type, reserved byte, length of 16 bits, value (PS3.8 §9.3.1).
struct Item {
  let type: UInt8
  var value: ByteBuffer

  /// nil at the end of `buffer`.
  init?(reading buffer: inout ByteBuffer) throws(PDUError) {
    guard buffer.readableBytes > 0 else { return nil }
    guard let (type, _, length) = buffer.readMultipleIntegers(as: (UInt8, UInt8, UInt16).self),
      let value = buffer.readSlice(length: Int(length))
    else {
      throw PDUError(.invalidPDUParameterValue, "an item is longer than what holds it")
    }
    self.type = type
    self.value = value
  }
}

extension ByteBuffer {
  /// The rest of the buffer as a UID, without the padding that some devices add (PS3.8 annex F asks for none).
  mutating func readUID() -> String {
    let uid = String(decoding: readableBytesView.prefix { $0 != 0 }, as: UTF8.self)
    moveReaderIndex(to: writerIndex)
    return uid.trimmingSpaces
  }

  /// 16 bytes of ISO 646 with leading and trailing spaces not significant (PS3.8 Table 9-11); devices pad with NUL too.
  mutating func readAETitle() -> String? {
    guard let bytes = readSlice(length: 16)?.readableBytesView else { return nil }
    let scalars = bytes.prefix { $0 != 0 }.map { $0 < 0x80 ? Unicode.Scalar($0) : "\u{FFFD}" }
    return String(String.UnicodeScalarView(scalars)).trimmingSpaces
  }

  /// Writes an item around what `body` writes, with the length that results.
  mutating func writeItem(_ type: UInt8, _ body: (inout ByteBuffer) -> Void) {
    writeMultipleIntegers(type, UInt8(0))
    let lengthIndex = writerIndex
    writeInteger(UInt16(0))
    body(&self)
    // What we send ourselves stays far below 64 KiB; a longer item would be our mistake.
    setInteger(UInt16(clamping: writerIndex - lengthIndex - 2), at: lengthIndex)
  }

  mutating func writeUID(_ uid: String, as type: UInt8) {
    writeItem(type) { $0.writeString(uid) }
  }

  mutating func writeAETitle(_ title: String) {
    let bytes = title.utf8.prefix(16)
    writeBytes(bytes)
    writeRepeatingByte(UInt8(ascii: " "), count: 16 - bytes.count)
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var rest = drop { $0 == " " }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }
}

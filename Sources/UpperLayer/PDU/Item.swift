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

/// PS3.5 §9.1, in bytes.
let longestUID = 64

extension ByteBuffer {
  /// The rest of the buffer as a UID, without the padding that some devices add (PS3.8 annex F asks for none). Of what is longer
  /// than a UID can be (PS3.5 §9.1) one byte too many is kept: it stays none, and takes no more memory than one.
  mutating func readUID() -> String {
    let uid = readableBytesView.prefix { $0 != 0 }.trimmingSpaces.prefix(longestUID + 1)
    moveReaderIndex(to: writerIndex)
    return String(decoding: uid, as: UTF8.self)
  }

  /// Writes an item around what `body` writes, with the length that results; throws where 16 bits do not hold it.
  mutating func writeItem(
    _ type: UInt8, _ body: (inout ByteBuffer) throws(PDUError) -> Void
  ) throws(PDUError) {
    writeMultipleIntegers(type, UInt8(0))
    try writeLengthPrefixed(as: UInt16.self, body)
  }

  /// A length is what follows it, or nothing is sent.
  mutating func writeLengthPrefixed<Length: FixedWidthInteger>(
    as _: Length.Type, _ body: (inout ByteBuffer) throws(PDUError) -> Void
  ) throws(PDUError) {
    let lengthIndex = writerIndex
    writeInteger(Length.zero)
    let start = writerIndex
    try body(&self)
    guard let length = Length(exactly: writerIndex - start) else {
      throw PDUError(.notSpecified, "\(writerIndex - start) bytes do not fit a length of \(Length.bitWidth) bits")
    }
    setInteger(length, at: lengthIndex)
  }

  mutating func writeUID(_ uid: String, as type: UInt8) throws(PDUError) {
    try writeItem(type) { (buffer) throws(PDUError) in _ = buffer.writeString(uid) }
  }
}

extension Collection<UInt8> where SubSequence: BidirectionalCollection {
  var trimmingSpaces: SubSequence {
    var rest = drop { $0 == UInt8(ascii: " ") }
    while rest.last == UInt8(ascii: " ") { rest = rest.dropLast() }
    return rest
  }
}

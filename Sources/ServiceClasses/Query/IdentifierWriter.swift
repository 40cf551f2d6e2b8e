// SPDX-License-Identifier: Apache-2.0

import DICOMData
import NIOCore

/// Elements of an identifier as bytes of a transfer syntax (PS3.5 §7.1), in memory that a connection sends.
struct IdentifierWriter {
  private let isExplicit: Bool
  private let endianness: Endianness

  init(_ syntax: TransferSyntax) {
    isExplicit = syntax.isExplicit
    endianness = syntax.isBigEndian ? .big : .little
  }

  /// An element with its value, padded to an even length.
  func write(_ tag: Tag, _ vr: VR, _ value: some Collection<UInt8>, to buffer: inout ByteBuffer) {
    let length = value.count + value.count % 2
    // A length of 16 bits cannot say it: such an element is written as UN (PS3.5 §6.2.2, note on long values).
    let isTooLong = isExplicit && !vr.hasLongLength && length > 0xFFFE
    writeHeader(tag, isTooLong ? .un : vr, length: length, to: &buffer)
    buffer.writeBytes(value)
    if value.count % 2 == 1 { buffer.writeInteger(vr.isText && vr != .ui ? UInt8(ascii: " ") : 0) }
  }

  func writeSequence(
    _ tag: Tag, _ count: Int, to buffer: inout ByteBuffer, _ item: (Int, inout ByteBuffer) -> Void
  ) {
    var items = ByteBuffer()
    for index in 0..<count {
      var content = ByteBuffer()
      item(index, &content)
      write(Tag.item, to: &items)
      items.writeInteger(UInt32(clamping: content.readableBytes), endianness: endianness)
      items.writeBuffer(&content)
    }
    writeHeader(tag, .sq, length: items.readableBytes, to: &buffer)
    buffer.writeBuffer(&items)
  }

  private func writeHeader(_ tag: Tag, _ vr: VR, length: Int, to buffer: inout ByteBuffer) {
    write(tag, to: &buffer)
    guard isExplicit else {
      buffer.writeInteger(UInt32(clamping: length), endianness: endianness)
      return
    }
    buffer.writeInteger(vr.rawValue, endianness: .big)
    if vr.hasLongLength {
      buffer.writeMultipleIntegers(UInt16(0), UInt32(clamping: length), endianness: endianness)
    } else {
      buffer.writeInteger(UInt16(clamping: length), endianness: endianness)
    }
  }

  private func write(_ tag: Tag, to buffer: inout ByteBuffer) {
    buffer.writeMultipleIntegers(tag.group, tag.element, endianness: endianness)
  }

  /// A text value in the character set of the identifier; numbers in the bytes of their VR.
  func bytes(of text: String, vr: VR, in characterSet: SpecificCharacterSet) -> [UInt8] {
    guard vr.isText else { return numbers(text, vr) }
    let set = vr.usesSpecificCharacterSet ? characterSet : .default
    if let bytes = set.encode(text, vr: vr) { return bytes }
    // VRs that have no character set are read as Latin-1 where they go beyond ASCII, and so written.
    return text.unicodeScalars.map { $0.value <= 0xFF ? UInt8(truncatingIfNeeded: $0.value) : UInt8(ascii: "?") }
  }

  private func numbers(_ text: String, _ vr: VR) -> [UInt8] {
    var buffer = ByteBuffer()
    for value in text.split(separator: "\\") {
      switch vr {
      case .us: buffer.writeInteger(UInt16(clamping: Int(value) ?? 0), endianness: endianness)
      case .ss: buffer.writeInteger(Int16(clamping: Int(value) ?? 0), endianness: endianness)
      case .ul: buffer.writeInteger(UInt32(clamping: Int(value) ?? 0), endianness: endianness)
      case .sl: buffer.writeInteger(Int32(clamping: Int(value) ?? 0), endianness: endianness)
      case .uv: buffer.writeInteger(UInt64(value) ?? 0, endianness: endianness)
      case .sv: buffer.writeInteger(Int64(value) ?? 0, endianness: endianness)
      case .fl: buffer.writeInteger((Float(value) ?? 0).bitPattern, endianness: endianness)
      case .fd: buffer.writeInteger((Double(value) ?? 0).bitPattern, endianness: endianness)
      case .at:
        guard let tag = Tag(hex: value.filter { $0.isHexDigit }) else { continue }
        write(tag, to: &buffer)
      // A peer may have said another VR for a text than the Standard has.
      default: return Array(text.utf8)
      }
    }
    return Array(buffer.readableBytesView)
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData
import NIOCore

/// Elements of an identifier as bytes of a transfer syntax (PS3.5 §7.1), behind what is there.
struct IdentifierWriter {
  /// What stands before the length of an element: the same in each answer.
  struct Head {
    let tag: Tag
    let vr: VR
    fileprivate let bytes: [UInt8]
    fileprivate let padding: UInt8
  }

  private let isExplicit: Bool
  private let endianness: Endianness

  init(_ syntax: TransferSyntax) {
    isExplicit = syntax.isExplicit
    endianness = syntax.isBigEndian ? .big : .little
  }

  func head(_ tag: Tag, _ vr: VR) -> Head {
    var bytes: [UInt8] = []
    append(tag.group, to: &bytes)
    append(tag.element, to: &bytes)
    if isExplicit {
      withUnsafeBytes(of: vr.rawValue.bigEndian) { bytes += $0 }
      if vr.hasLongLength { bytes += [0, 0] }
    }
    return Head(tag: tag, vr: vr, bytes: bytes, padding: vr.isText && vr != .ui ? UInt8(ascii: " ") : 0)
  }

  /// An element with its value, padded to an even length.
  func write(_ head: Head, _ value: some Collection<UInt8>, to bytes: inout [UInt8]) {
    let count = value.count
    let length = count + count % 2
    if !isExplicit || head.vr.hasLongLength {
      bytes += head.bytes
      append(UInt32(clamping: length), to: &bytes)
    } else if let length = UInt16(exactly: length), length != 0xFFFF {
      bytes += head.bytes
      append(length, to: &bytes)
    } else {
      // A length of 16 bits cannot say it: such an element is written as UN (PS3.5 §6.2.2, note on long values).
      bytes += self.head(head.tag, .un).bytes
      append(UInt32(clamping: length), to: &bytes)
    }
    bytes.append(contentsOf: value)
    if count % 2 == 1 { bytes.append(head.padding) }
  }

  func writeSequence(
    _ head: Head, _ count: Int, to bytes: inout [UInt8], _ item: (Int, inout [UInt8]) -> Void
  ) {
    var items: [UInt8] = []
    for index in 0..<count {
      var content: [UInt8] = []
      item(index, &content)
      append(Tag.item.group, to: &items)
      append(Tag.item.element, to: &items)
      append(UInt32(clamping: content.count), to: &items)
      items += content
    }
    write(head, items, to: &bytes)
  }

  private func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: endianness == .big ? number.bigEndian : number.littleEndian) { bytes += $0 }
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
        buffer.writeMultipleIntegers(tag.group, tag.element, endianness: endianness)
      // A peer may have said another VR for a text than the Standard has.
      default: return Array(text.utf8)
      }
    }
    return Array(buffer.readableBytesView)
  }
}

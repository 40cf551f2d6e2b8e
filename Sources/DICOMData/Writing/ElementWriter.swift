// SPDX-License-Identifier: Apache-2.0

/// Elements as bytes (PS3.5 §7.1.2, §7.1.3, §7.5).
struct ElementWriter {
  let isImplicit: Bool
  let isBigEndian: Bool
  private(set) var bytes: [UInt8] = []

  init(syntax: TransferSyntax) {
    self.init(isImplicit: !syntax.isExplicit, isBigEndian: syntax.isBigEndian)
  }

  init(isImplicit: Bool, isBigEndian: Bool) {
    self.isImplicit = isImplicit
    self.isBigEndian = isBigEndian
  }

  func writes(as syntax: TransferSyntax) -> Bool {
    isImplicit != syntax.isExplicit && isBigEndian == syntax.isBigEndian
  }

  /// An element with its value, padded to an even length.
  mutating func write(_ tag: Tag, _ vr: VR, _ value: some Collection<UInt8>) {
    let length = value.count + value.count % 2
    // A length of 16 bits cannot say it: such an element is written as UN (PS3.5 §6.2.2, note on long values).
    if !isImplicit, !vr.hasLongLength, length > 0xFFFE {
      writeHeader(tag, .un, length: UInt32(clamping: length))
      bytes += littleEndian(Array(value), vr: vr)
    } else {
      writeHeader(tag, vr, length: UInt32(clamping: length))
      bytes += value
    }
    if value.count % 2 == 1 { bytes.append(vr.padding) }
  }

  /// Numbers of this writer as a value of UN has them in any byte order.
  private func littleEndian(_ value: [UInt8], vr: VR) -> [UInt8] {
    guard isBigEndian else { return value }
    return ElementWriter(isImplicit: true, isBigEndian: false).ordered(Bytes(value), vr: vr, isBigEndian: true)
  }

  mutating func writeHeader(_ tag: Tag, _ vr: VR, length: UInt32) {
    append(tag)
    if isImplicit {
      append(length)
    } else if vr.hasLongLength {
      append(vr)
      append(UInt16(0))
      append(length)
    } else {
      append(vr)
      append(UInt16(clamping: length))
    }
  }

  /// A sequence or item: what `content` writes between a header and, where the length is undefined, a delimiter.
  mutating func writeContainer(
    _ tag: Tag, isUndefined: Bool, vr: VR? = .sq, _ content: (inout ElementWriter) -> Void
  ) {
    var inner = ElementWriter(isImplicit: isImplicit, isBigEndian: isBigEndian)
    content(&inner)
    let length = isUndefined ? ElementHeader.undefined : UInt32(clamping: inner.bytes.count)
    if let vr { writeHeader(tag, vr, length: length) } else { writeItemHeader(tag, length: length) }
    bytes += inner.bytes
    guard isUndefined else { return }
    writeItemHeader(tag == .item ? .itemDelimitationItem : .sequenceDelimitationItem, length: 0)
  }

  /// Items, fragments and delimiters have no VR in any transfer syntax (PS3.5 §7.5).
  mutating func writeItemHeader(_ tag: Tag, length: UInt32) {
    append(tag)
    append(length)
  }

  mutating func writeFragment(_ value: some Collection<UInt8>) {
    writeItemHeader(.item, length: UInt32(clamping: value.count + value.count % 2))
    bytes += value
    if value.count % 2 == 1 { bytes.append(0) }
  }

  mutating func writeAsRead(_ raw: Bytes) {
    bytes += raw
  }

  func bytes(of integers: [Int], vr: VR) -> [UInt8] {
    integers.flatMap { integer -> [UInt8] in
      switch vr {
      case .us: ordered(UInt16(clamping: integer))
      case .ss: ordered(Int16(clamping: integer))
      case .ul: ordered(UInt32(clamping: integer))
      case .sl: ordered(Int32(clamping: integer))
      case .uv: ordered(UInt64(clamping: integer))
      // PS3.5 §6.2: a pair of 16-bit numbers, the group before the element in either byte order.
      case .at:
        ordered(UInt16(truncatingIfNeeded: integer >> 16)) + ordered(UInt16(truncatingIfNeeded: integer))
      default: ordered(Int64(integer))
      }
    }
  }

  /// Numbers in this writer's byte order, from little or big endian ones.
  func ordered(_ value: Bytes, vr: VR, isBigEndian: Bool) -> [UInt8] {
    var bytes = Array(value)
    let size = vr.swapSize
    guard isBigEndian != self.isBigEndian, size > 1 else { return bytes }
    for start in stride(from: 0, through: bytes.count - size, by: size) { bytes[start..<start + size].reverse() }
    return bytes
  }

  func ordered<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { Array($0) }
  }

  private mutating func append(_ tag: Tag) {
    append(tag.group)
    append(tag.element)
  }

  private mutating func append(_ vr: VR) {
    bytes += [UInt8(truncatingIfNeeded: vr.rawValue >> 8), UInt8(truncatingIfNeeded: vr.rawValue)]
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    bytes += ordered(value)
  }
}

extension VR {
  /// Bytes that change places between the byte orders (PS3.5 §7.3): an AT is two numbers of 16 bits.
  var swapSize: Int { self == .at ? 2 : numberSize }
}

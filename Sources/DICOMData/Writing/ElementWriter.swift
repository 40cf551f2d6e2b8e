// SPDX-License-Identifier: Apache-2.0

/// Elements as bytes (PS3.5 §7.1.2, §7.1.3, §7.5).
struct ElementWriter {
  private let syntax: TransferSyntax
  private(set) var bytes: [UInt8] = []

  init(syntax: TransferSyntax) {
    self.syntax = syntax
  }

  mutating func write(_ tag: Tag, _ vr: VR, _ value: [UInt8]) {
    append(tag)
    // A length of 16 bits: what a device put into such a value beyond it cannot be written in explicit VR.
    let isCut = syntax.isExplicit && !vr.hasLongLength && value.count > 65534
    let value = isCut ? Array(value.prefix(65534)) : value
    let length = UInt32(clamping: value.count + value.count % 2)
    if !syntax.isExplicit {
      append(length)
    } else if vr.hasLongLength {
      append(vr)
      append(UInt16(0))
      append(length)
    } else {
      append(vr)
      append(UInt16(clamping: length))
    }
    bytes += value
    if value.count % 2 == 1 { bytes.append(vr.padding) }
  }

  mutating func writeItem(_ value: [UInt8]) {
    append(.item)
    append(UInt32(clamping: value.count))
    bytes += value
  }

  func bytes(of integers: [Int], vr: VR) -> [UInt8] {
    integers.flatMap { integer -> [UInt8] in
      switch vr {
      case .us: ordered(UInt16(clamping: integer))
      case .ss: ordered(Int16(clamping: integer))
      case .ul: ordered(UInt32(clamping: integer))
      case .sl: ordered(Int32(clamping: integer))
      case .uv: ordered(UInt64(clamping: integer))
      default: ordered(Int64(integer))
      }
    }
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

  private func ordered<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: syntax.isBigEndian ? value.bigEndian : value.littleEndian) { Array($0) }
  }
}

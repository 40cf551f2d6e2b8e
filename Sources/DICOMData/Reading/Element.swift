// SPDX-License-Identifier: Apache-2.0

/// One element of a data set, and its value in the shape that is asked for.
package struct Element: Sendable {
  private let entry: ElementEntry
  private let bytes: Bytes
  let index: Int

  init(entry: ElementEntry, bytes: Bytes, index: Int = 0) {
    self.entry = entry
    self.bytes = bytes
    self.index = index
  }

  package var tag: Tag { entry.tag }
  package var vr: VR { entry.vr }
  package var isBigEndian: Bool { entry.isBigEndian }
  /// A value of UN is Implicit VR Little Endian in any transfer syntax (PS3.5 §6.2.2).
  var isValueBigEndian: Bool { entry.isBigEndian && entry.vr != .un }
  var isImplicit: Bool { entry.isImplicit }
  package var hasUndefinedLength: Bool { entry.hasUndefinedLength }
  package var length: Int { entry.length }
  /// The value was too long to be kept, or is no single value.
  package var isOmitted: Bool { entry.isOmitted }

  /// The bytes of the value as they stand.
  package var value: Bytes {
    guard !entry.isOmitted else { return bytes.part(0..<0) }
    return bytes.part(entry.valueOffset..<entry.valueOffset + entry.length)
  }

  /// Bytes from the beginning of the data set to the element's header; meaningless where values were passed over.
  var offset: Int { entry.headerOffset }
  var headerSize: Int { entry.valueOffset - entry.headerOffset }

  /// How the value is to be understood: writers that do not know their dictionary mark standard elements UN, with the
  /// value as it would stand in Implicit VR Little Endian (PS3.5 §6.2.2).
  private var valueVR: VR {
    guard vr == .un, !tag.isPrivate, let known = DataDictionary.vr(of: tag) else { return vr }
    return known
  }

  /// The value as text, padding and all but NULs at its end.
  func text(in characterSet: SpecificCharacterSet) -> String {
    var value = self.value
    while value.last == 0 { value = value.part(0..<value.count - 1) }
    let vr = valueVR
    return vr.usesSpecificCharacterSet
      ? characterSet.decode(value, vr: vr) : SpecificCharacterSet.default.decode(value, vr: vr)
  }

  /// PS3.5 §6.2: trailing spaces are padding, leading ones too but in the VRs that are text.
  package func strings(in characterSet: SpecificCharacterSet) -> [String] {
    let vr = valueVR
    guard entry.length > 0, vr != .sq else { return [] }
    guard vr.isText else { return numbers }
    if let plain = plainStrings(vr: vr) { return plain }
    let text = text(in: characterSet)
    // By scalars: as a character, a backslash with a combining mark behind it would be none.
    let parts =
      vr.isMultiValuedText
      ? text.unicodeScalars.split(separator: "\\", omittingEmptySubsequences: false).map { Substring($0) } : [text[...]]
    return parts.map { part in
      let leadingCounts = vr == .lt || vr == .st || vr == .ut || vr == .uc
      return String(part.trimmed(leading: !leadingCounts))
    }
  }

  /// Most values: ASCII, so that bytes are characters; nil for others.
  private func plainStrings(vr: VR) -> [String]? {
    value.withContiguousStorageIfAvailable { bytes in
      guard bytes.allSatisfy({ $0 < 0x80 && $0 != 0x1B }) else { return nil }
      let leadingCounts = vr == .lt || vr == .st || vr == .ut || vr == .uc
      guard vr.isMultiValuedText else { return [bytes[...].trimmed(leading: !leadingCounts)] }
      return bytes.split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false).map { part in
        part.trimmed(leading: !leadingCounts)
      }
    } ?? nil
  }

  /// Numbers of a binary VR, each as text; AT as eight hexadecimal digits; empty for other-binary.
  private var numbers: [String] {
    let size = valueVR.numberSize
    guard size > 0, !valueVR.isBulk else { return [] }
    return value.withSpan { bytes in
      stride(from: 0, through: bytes.byteCount - size, by: size).map { offset in number(bytes, at: offset) }
    }
  }

  private func number(_ bytes: RawSpan, at offset: Int) -> String {
    let big = isValueBigEndian
    switch valueVR {
    case .us: return String(bytes.uint16(at: offset, isBigEndian: big))
    case .ss: return String(Int16(bitPattern: bytes.uint16(at: offset, isBigEndian: big)))
    case .ul: return String(bytes.uint32(at: offset, isBigEndian: big))
    case .sl: return String(Int32(bitPattern: bytes.uint32(at: offset, isBigEndian: big)))
    case .uv: return String(bytes.uint64(at: offset, isBigEndian: big))
    case .sv: return String(Int64(bitPattern: bytes.uint64(at: offset, isBigEndian: big)))
    case .fl: return "\(Double(Float(bitPattern: bytes.uint32(at: offset, isBigEndian: big))))"
    case .fd: return "\(Double(bitPattern: bytes.uint64(at: offset, isBigEndian: big)))"
    default:
      let group = bytes.uint16(at: offset, isBigEndian: big)
      return Tag(group, bytes.uint16(at: offset + 2, isBigEndian: big)).hex
    }
  }
}

extension Substring {
  fileprivate func trimmed(leading: Bool) -> Substring {
    var rest = unicodeScalars
    while let last = rest.last, last == " " || last == "\0" { rest.removeLast() }
    if leading { while let first = rest.first, first == " " { rest.removeFirst() } }
    return Substring(rest)
  }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
  fileprivate func trimmed(leading: Bool) -> String {
    var rest = self
    while let last = rest.last, last == 0x20 || last == 0 { rest.removeLast() }
    if leading { rest = rest.drop { $0 == 0x20 } }
    return String(decoding: rest, as: UTF8.self)
  }
}

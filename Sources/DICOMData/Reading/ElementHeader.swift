// SPDX-License-Identifier: Apache-2.0

/// Tag, VR and length of an element (PS3.5 §7.1.2, §7.1.3), or tag and length of an item (§7.5).
struct ElementHeader {
  static let undefined: UInt32 = 0xFFFF_FFFF

  let tag: Tag
  var vr: VR
  let length: UInt32
  /// Bytes of the header itself: 8 or 12.
  let size: Int

  /// nil when `bytes` end inside the header.
  @inline(__always)
  init?(reading bytes: RawSpan, at position: Int, isImplicit: Bool, isBigEndian: Bool) {
    guard bytes.byteCount - position >= 8 else { return nil }
    let group = bytes.uint16(at: position, isBigEndian: isBigEndian)
    let element = bytes.uint16(at: position + 2, isBigEndian: isBigEndian)
    tag = Tag(group, element)
    if isImplicit || group == 0xFFFE {
      vr = .un
      length = bytes.uint32(at: position + 4, isBigEndian: isBigEndian)
      size = 8
      return
    }
    let characters = VR(bytes.byte(at: position + 4), bytes.byte(at: position + 5))
    // Two letters that are no VR yet are one of a later edition, which has the long form (PS3.5 §6.2); anything else is
    // what broken writers leave ("??", NULs), with the short one.
    guard characters.hasLongLength || (!characters.isDefined && characters.isTwoLetters) else {
      vr = characters.isDefined ? characters : .un
      length = UInt32(bytes.uint16(at: position + 6, isBigEndian: isBigEndian))
      size = 8
      return
    }
    guard bytes.byteCount - position >= 12 else { return nil }
    vr = characters.isDefined ? characters : .un
    length = bytes.uint32(at: position + 8, isBigEndian: isBigEndian)
    size = 12
  }
}

extension VR {
  fileprivate var isTwoLetters: Bool {
    let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
    return letters.contains(UInt8(truncatingIfNeeded: rawValue >> 8))
      && letters.contains(UInt8(truncatingIfNeeded: rawValue))
  }
}

/// Reads within bounds that the caller has checked; beyond them a span traps rather than read on.
extension RawSpan {
  @inline(__always)
  func byte(at offset: Int) -> UInt8 {
    unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  @inline(__always)
  func uint16(at offset: Int, isBigEndian: Bool) -> UInt16 {
    let value = unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
    return isBigEndian ? UInt16(bigEndian: value) : UInt16(littleEndian: value)
  }

  @inline(__always)
  func uint32(at offset: Int, isBigEndian: Bool) -> UInt32 {
    let value = unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return isBigEndian ? UInt32(bigEndian: value) : UInt32(littleEndian: value)
  }

  @inline(__always)
  func uint64(at offset: Int, isBigEndian: Bool) -> UInt64 {
    let value = unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    return isBigEndian ? UInt64(bigEndian: value) : UInt64(littleEndian: value)
  }
}

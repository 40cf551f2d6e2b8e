// SPDX-License-Identifier: Apache-2.0

/// Tag → VR and row of the dictionary: a hash table of 128 KiB, one probe for nearly all of its 5,000 tags.
struct TagIndex: Sendable {
  struct Slot {
    let vr: VR
    let row: Int
    /// "US or SS": Pixel Representation (0028,0103) decides.
    let followsPixelRepresentation: Bool
  }

  // Tag 32 bits, VR 16 (the top one for "US or SS"), row 16; 0 is free.
  private var slots = [UInt64](repeating: 0, count: Self.size)
  private static let size = 1 << 14

  init(_ rows: DictionaryRows) {
    for row in rows.indices {
      let line = rows.line(at: row)
      guard let tag = Self.tag(of: line) else { continue }
      let text = line.dropFirst(10).prefix { $0 != UInt8(ascii: "\t") }
      let vr = VR.implicit(text)
      let follows: UInt64 = text.elementsEqual("US or SS".utf8) ? 0x8000 : 0
      insert(UInt64(tag.rawValue) << 32 | (UInt64(vr.rawValue) | follows) << 16 | UInt64(row))
    }
  }

  @inline(__always)
  func slot(of tag: Tag) -> Slot? {
    var position = Self.home(of: tag.rawValue)
    while true {
      let slot = slots[position]
      if slot == 0 { return nil }
      if UInt32(truncatingIfNeeded: slot >> 32) == tag.rawValue {
        let vr = UInt16(truncatingIfNeeded: slot >> 16)
        return Slot(
          vr: VR(rawValue: vr & 0x7FFF), row: Int(UInt16(truncatingIfNeeded: slot)),
          followsPixelRepresentation: vr & 0x8000 != 0)
      }
      position = (position + 1) & (Self.size - 1)
    }
  }

  private mutating func insert(_ slot: UInt64) {
    var position = Self.home(of: UInt32(truncatingIfNeeded: slot >> 32))
    while slots[position] != 0 { position = (position + 1) & (Self.size - 1) }
    slots[position] = slot
  }

  @inline(__always)
  private static func home(of tag: UInt32) -> Int {
    Int((tag &* 0x9E37_79B1) >> 18)
  }

  /// "gggg,eeee" of a row; nil where x stands for many.
  private static func tag(of line: UnsafeBufferPointer<UInt8>) -> Tag? {
    guard line.count > 10 else { return nil }
    var value: UInt32 = 0
    for byte in line.prefix(9) where byte != UInt8(ascii: ",") {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
      default: return nil
      }
    }
    return Tag(rawValue: value)
  }
}

extension VR {
  /// What the VR column of PS3.6 means in implicit VR: "OB or OW" is OW (PS3.5 annex A.1); of the others the first stands
  /// until Pixel Representation speaks.
  static func implicit(_ text: some Collection<UInt8>) -> VR {
    if text.elementsEqual("OB or OW".utf8) { return .ow }
    var letters = text.makeIterator()
    let vr = VR(letters.next() ?? 0, letters.next() ?? 0)
    return vr.isDefined ? vr : .un
  }
}

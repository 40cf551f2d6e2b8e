// SPDX-License-Identifier: Apache-2.0

/// A value representation (PS3.5 §6.2): its two characters.
package struct VR: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt16

  @inlinable
  package init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  @inlinable
  package init(_ first: UInt8, _ second: UInt8) {
    rawValue = UInt16(first) << 8 | UInt16(second)
  }

  /// nil for anything but the 34 of PS3.5.
  package init?(name: some StringProtocol) {
    let bytes = Array(name.utf8)
    guard bytes.count == 2 else { return nil }
    self.init(bytes[0], bytes[1])
    guard isDefined else { return nil }
  }

  package var name: String {
    String(decoding: [UInt8(truncatingIfNeeded: rawValue >> 8), UInt8(truncatingIfNeeded: rawValue)], as: UTF8.self)
  }
}

extension VR: CustomStringConvertible {
  package var description: String { name }
}

extension VR {
  @inlinable package static var ae: VR { VR(rawValue: 0x4145) }
  @inlinable package static var `as`: VR { VR(rawValue: 0x4153) }
  @inlinable package static var at: VR { VR(rawValue: 0x4154) }
  @inlinable package static var cs: VR { VR(rawValue: 0x4353) }
  @inlinable package static var da: VR { VR(rawValue: 0x4441) }
  @inlinable package static var ds: VR { VR(rawValue: 0x4453) }
  @inlinable package static var dt: VR { VR(rawValue: 0x4454) }
  @inlinable package static var fd: VR { VR(rawValue: 0x4644) }
  @inlinable package static var fl: VR { VR(rawValue: 0x464C) }
  @inlinable package static var `is`: VR { VR(rawValue: 0x4953) }
  @inlinable package static var lo: VR { VR(rawValue: 0x4C4F) }
  @inlinable package static var lt: VR { VR(rawValue: 0x4C54) }
  @inlinable package static var ob: VR { VR(rawValue: 0x4F42) }
  @inlinable package static var od: VR { VR(rawValue: 0x4F44) }
  @inlinable package static var of: VR { VR(rawValue: 0x4F46) }
  @inlinable package static var ol: VR { VR(rawValue: 0x4F4C) }
  @inlinable package static var ov: VR { VR(rawValue: 0x4F56) }
  @inlinable package static var ow: VR { VR(rawValue: 0x4F57) }
  @inlinable package static var pn: VR { VR(rawValue: 0x504E) }
  @inlinable package static var sh: VR { VR(rawValue: 0x5348) }
  @inlinable package static var sl: VR { VR(rawValue: 0x534C) }
  @inlinable package static var sq: VR { VR(rawValue: 0x5351) }
  @inlinable package static var ss: VR { VR(rawValue: 0x5353) }
  @inlinable package static var st: VR { VR(rawValue: 0x5354) }
  @inlinable package static var sv: VR { VR(rawValue: 0x5356) }
  @inlinable package static var tm: VR { VR(rawValue: 0x544D) }
  @inlinable package static var uc: VR { VR(rawValue: 0x5543) }
  @inlinable package static var ui: VR { VR(rawValue: 0x5549) }
  @inlinable package static var ul: VR { VR(rawValue: 0x554C) }
  @inlinable package static var un: VR { VR(rawValue: 0x554E) }
  @inlinable package static var ur: VR { VR(rawValue: 0x5552) }
  @inlinable package static var us: VR { VR(rawValue: 0x5553) }
  @inlinable package static var ut: VR { VR(rawValue: 0x5554) }
  @inlinable package static var uv: VR { VR(rawValue: 0x5556) }
}

extension VR {
  @inlinable package var isDefined: Bool {
    switch self {
    case .ae, .as, .at, .cs, .da, .ds, .dt, .fd, .fl, .is, .lo, .lt, .ob, .od, .of, .ol, .ov, .ow, .pn, .sh, .sl, .sq,
      .ss, .st, .sv, .tm, .uc, .ui, .ul, .un, .ur, .us, .ut, .uv:
      true
    default: false
    }
  }

  /// How a header with these two characters goes on; the parser's one question per element.
  enum HeaderForm: UInt8 {
    case undefinedVR, short, long, sequence

    /// By five bits of each letter.
    static let table: [UInt8] = (0..<1024).map { index in
      let vr = VR(0x40 | UInt8(index >> 5), 0x40 | UInt8(index & 31))
      guard vr.isDefined else { return undefinedVR.rawValue }
      if vr == .sq { return sequence.rawValue }
      return vr.hasLongLength ? long.rawValue : short.rawValue
    }
  }

  /// Two reserved bytes and a length of 32 bits in explicit VR (PS3.5 §7.1.2).
  @inlinable package var hasLongLength: Bool {
    switch self {
    case .ob, .od, .of, .ol, .ov, .ow, .sq, .sv, .uc, .un, .ur, .ut, .uv: true
    default: false
    }
  }

  /// Characters, in whatever character set.
  package var isText: Bool {
    switch self {
    case .ae, .as, .cs, .da, .ds, .dt, .is, .lo, .lt, .pn, .sh, .st, .tm, .uc, .ui, .ur, .ut: true
    default: false
    }
  }

  /// Specific Character Set (0008,0005) says how to read it (PS3.5 §6.1.2.3).
  package var usesSpecificCharacterSet: Bool {
    switch self {
    case .lo, .lt, .pn, .sh, .st, .uc, .ut: true
    default: false
    }
  }

  /// A backslash separates values; in LT, ST, UT and UR it is text (PS3.5 §6.4).
  package var isMultiValuedText: Bool {
    switch self {
    case .lt, .st, .ur, .ut: false
    default: isText
    }
  }

  /// Bytes of one number, 0 for what is not made of numbers of a fixed size.
  package var numberSize: Int {
    switch self {
    case .us, .ss, .ow: 2
    case .ul, .sl, .fl, .at, .of, .ol: 4
    case .uv, .sv, .fd, .od, .ov: 8
    default: 0
    }
  }

  /// Other-binary, and what nobody knows.
  package var isBulk: Bool {
    switch self {
    case .ob, .od, .of, .ol, .ov, .ow, .un: true
    default: false
    }
  }

  var padding: UInt8 { isText && self != .ui ? UInt8(ascii: " ") : 0 }
}

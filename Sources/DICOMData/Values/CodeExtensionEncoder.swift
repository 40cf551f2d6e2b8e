// SPDX-License-Identifier: Apache-2.0

/// Text as bytes with escape sequences (ISO 2022, PS3.5 §6.1.2.5): the character sets of the terms in their order, those of
/// the beginning in force again before each delimiter and at the end (§6.1.2.5.3).
struct CodeExtensionEncoder {
  private let initialG0: CharacterCodec
  private let initialG1: CharacterCodec
  private let escapes: [EscapeSequence]
  private let vr: VR
  private var g0: CharacterCodec
  private var g1: CharacterCodec
  private var bytes: [UInt8] = []

  init(g0: CharacterCodec, g1: CharacterCodec, terms: [String], vr: VR) {
    initialG0 = g0
    initialG1 = g1
    self.g0 = g0
    self.g1 = g1
    self.vr = vr
    escapes = terms.flatMap { EscapeSequence.allowed(by: $0) }
  }

  /// nil where a character is in none of the sets.
  consuming func encode(_ text: String) -> [UInt8]? {
    for scalar in text.unicodeScalars {
      guard append(scalar) else { return nil }
    }
    returnToInitialG0()
    return bytes
  }

  private mutating func append(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      let byte = UInt8(truncatingIfNeeded: scalar.value)
      if isDelimiter(byte) {
        returnToInitialG0()
        g1 = initialG1
      } else if g0.isTwoByte {
        bring(EscapeSequence.bringing(initialG0.isTwoByte ? .ascii : initialG0, toG1: false))
      }
      bytes.append(byte)
      return true
    }
    if let half = g1.half(of: scalar), half.isG1 {
      bytes += half.bytes
      return true
    }
    if g0.isTwoByte, let half = g0.half(of: scalar), !half.isG1 {
      bytes += half.bytes
      return true
    }
    for escape in escapes {
      guard let half = escape.codec.half(of: scalar), half.isG1 == escape.isG1 else { continue }
      bring(escape)
      bytes += half.bytes
      return true
    }
    return false
  }

  private mutating func bring(_ escape: EscapeSequence?) {
    guard let escape else { return }
    bytes += escape.bytes
    if escape.isG1 { g1 = escape.codec } else { g0 = escape.codec }
  }

  private mutating func returnToInitialG0() {
    guard g0 != initialG0 else { return }
    bring(EscapeSequence.bringing(initialG0, toG1: false))
  }

  private func isDelimiter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x09, 0x0A, 0x0C, 0x0D: true
    // In text of one value it is a character like others (PS3.5 §6.1.2.5.3).
    case UInt8(ascii: "\\"): vr.isMultiValuedText
    case UInt8(ascii: "^"), UInt8(ascii: "="): vr == .pn
    default: false
    }
  }
}

extension CharacterCodec {
  /// A character beyond ASCII as it stands in G0 or G1; nil where the set does not have it.
  fileprivate func half(of scalar: Unicode.Scalar) -> (bytes: [UInt8], isG1: Bool)? {
    guard let coded = (self == .jisX0212 ? CharacterCodec.jisX0208 : self).encode(String(Character(scalar))) else {
      return nil
    }
    switch self {
    case .jisX0208:
      // EUC-JP has half-width katakana behind 8EH and JIS X 0212 behind 8FH.
      guard coded.count == 2, coded[0] >= 0xA1 else { return nil }
      return (coded.map { $0 & 0x7F }, false)
    case .jisX0212:
      guard coded.count == 3, coded[0] == 0x8F else { return nil }
      return (coded.dropFirst().map { $0 & 0x7F }, false)
    case .ksX1001, .gb2312:
      guard coded.count == 2, coded.allSatisfy({ $0 >= 0xA1 }) else { return nil }
      return (coded, true)
    default:
      guard coded.count == 1, coded[0] >= 0xA0 else { return nil }
      return (coded, true)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Text with escape sequences that switch between character sets (ISO 2022, PS3.5 §6.1.2.5).
struct CodeExtensionDecoder {
  private let initialG0: CharacterCodec
  private let initialG1: CharacterCodec
  private let vr: VR

  init(g0: CharacterCodec, g1: CharacterCodec, vr: VR) {
    initialG0 = g0
    initialG1 = g1
    self.vr = vr
  }

  func decode(_ bytes: [UInt8]) -> String {
    var text = ""
    var g0 = initialG0
    var g1 = initialG1
    var rest = bytes[...]
    while let byte = rest.first {
      if byte == 0x1B {
        guard let escape = EscapeSequence(in: rest) else {
          // An escape that PS3.3 does not define switches nothing; what follows it is text again.
          text.unicodeScalars.append("\u{FFFD}")
          rest = rest.dropFirst()
          continue
        }
        if escape.isG1 { g1 = escape.codec } else { g0 = escape.codec }
        rest = rest.dropFirst(escape.length)
      } else if byte < 0x80, isDelimiter(byte, in: g0) {
        // The sets of the beginning hold again behind a delimiter (PS3.5 §6.1.2.5.3).
        g0 = initialG0
        g1 = initialG1
        text.unicodeScalars.append(Unicode.Scalar(byte))
        rest = rest.dropFirst()
      } else {
        let isHigh = byte >= 0x80
        let codec = isHigh ? g1 : g0
        let run = rest.prefix { ($0 >= 0x80) == isHigh && $0 != 0x1B && !(!isHigh && isDelimiter($0, in: g0)) }
        text += codec.decodeHalf(Array(run))
        rest = rest.dropFirst(run.count)
      }
    }
    return text
  }

  private func isDelimiter(_ byte: UInt8, in g0: CharacterCodec) -> Bool {
    switch byte {
    case 0x09, 0x0A, 0x0C, 0x0D: true
    // In a two-byte set these are halves of characters; such a set ends before a delimiter by an escape sequence.
    case UInt8(ascii: "\\"): vr.isMultiValuedText && !g0.isTwoByte
    case UInt8(ascii: "^"), UInt8(ascii: "="): vr == .pn && !g0.isTwoByte
    default: false
    }
  }
}

extension CharacterCodec {
  /// Two bytes of seven bits each, in G0.
  var isTwoByte: Bool { self == .jisX0208 || self == .jisX0212 }

  /// Bytes of one half (G0 or G1) in the form that iconv knows the set by.
  fileprivate func decodeHalf(_ bytes: [UInt8]) -> String {
    switch self {
    case .jisX0208: decode(bytes.map { $0 | 0x80 })
    case .jisX0212: CharacterCodec.jisX0208.decode(Self.withSingleShift(bytes))
    default:
      bytes.allSatisfy { $0 < 0x80 } && self != .jisX0201 ? String(decoding: bytes, as: UTF8.self) : decode(bytes)
    }
  }

  /// EUC-JP has JIS X 0212 behind 8FH, two bytes each.
  private static func withSingleShift(_ bytes: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 2).flatMap { index in
      [0x8F] + bytes[index..<min(index + 2, bytes.count)].map { $0 | 0x80 }
    }
  }
}

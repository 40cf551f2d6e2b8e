// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One coded character set, converted by the C library's iconv under the name that it has there.
enum CharacterCodec: String, Sendable, Hashable {
  /// The default repertoire. High bytes have no business in it; Latin-1 reads what careless devices mean by them.
  case ascii = "ISO-8859-1"
  case latin1 = "LATIN1"
  case latin2 = "ISO-8859-2"
  case latin3 = "ISO-8859-3"
  case latin4 = "ISO-8859-4"
  case cyrillic = "ISO-8859-5"
  case arabic = "ISO-8859-6"
  case greek = "ISO-8859-7"
  case hebrew = "ISO-8859-8"
  case latin5 = "ISO-8859-9"
  case thai = "TIS-620"
  case latin9 = "ISO-8859-15"
  /// Its katakana are single bytes in Shift JIS too, and glibc knows it by no name of its own.
  case jisX0201 = "CP932"
  case jisX0208 = "EUC-JP"
  case jisX0212 = "EUC-JISX0213"
  case ksX1001 = "EUC-KR"
  case gb2312 = "GB2312"
  case gb18030 = "GB18030"
  case gbk = "GBK"

  /// What stands in G0 and G1 before any escape sequence (PS3.3 Tables C.12-2 to C.12-4).
  static func initial(isoIR number: Int) -> (g0: CharacterCodec, g1: CharacterCodec) {
    switch number {
    case 100: (.ascii, .latin1)
    case 101: (.ascii, .latin2)
    case 109: (.ascii, .latin3)
    case 110: (.ascii, .latin4)
    case 144: (.ascii, .cyrillic)
    case 127: (.ascii, .arabic)
    case 126: (.ascii, .greek)
    case 138: (.ascii, .hebrew)
    case 148: (.ascii, .latin5)
    case 166: (.ascii, .thai)
    case 203: (.ascii, .latin9)
    case 13: (.jisX0201, .jisX0201)
    // As first terms 87 and 159 are none of the Standard's: text begins in ASCII and escapes to them, as with others.
    case 149: (.ascii, .ksX1001)
    case 58: (.ascii, .gb2312)
    default: (.ascii, .ascii)
    }
  }

  func decode(_ bytes: [UInt8]) -> String {
    if self == .ascii || self == .latin1 { return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })) }
    return String(
      decoding: convert(bytes, from: rawValue, to: "UTF-8", replacement: Array("\u{FFFD}".utf8)) ?? [], as: UTF8.self)
  }

  /// nil where a character is not in the set.
  func encode(_ text: String) -> [UInt8]? {
    if self == .ascii { return text.utf8.allSatisfy { $0 < 0x80 } ? Array(text.utf8) : nil }
    guard self != .jisX0201 || text.unicodeScalars.allSatisfy(\.isInJISX0201) else { return nil }
    return convert(Array(text.utf8), from: "UTF-8", to: rawValue, replacement: nil)
  }

  /// Without a replacement the first thing that cannot be converted ends it.
  private func convert(_ bytes: [UInt8], from source: String, to target: String, replacement: [UInt8]?) -> [UInt8]? {
    guard let converter = Converter(from: source, to: target) else { return nil }
    var input = bytes.map { CChar(bitPattern: $0) }
    var output: [UInt8] = []
    var room = [CChar](repeating: 0, count: max(bytes.count * 4, 16))
    var consumed = 0
    while consumed < input.count {
      let (read, written, isStuck) = input.withUnsafeMutableBufferPointer { input in
        room.withUnsafeMutableBufferPointer { room in
          var source = input.baseAddress.map { $0 + consumed }
          var sourceLeft = input.count - consumed
          var target = room.baseAddress
          var targetLeft = room.count
          let result = converter.convert(&source, &sourceLeft, &target, &targetLeft)
          return (input.count - consumed - sourceLeft, room.count - targetLeft, result == -1)
        }
      }
      output += room.prefix(written).map { UInt8(bitPattern: $0) }
      consumed += read
      guard isStuck else { break }
      guard let replacement else { return nil }
      if consumed < input.count { output += replacement }
      consumed += 1
    }
    return output
  }
}

extension Unicode.Scalar {
  /// ASCII and half-width katakana: Shift JIS has more, and makes a backslash of a yen sign.
  fileprivate var isInJISX0201: Bool { isASCII || (0xFF61...0xFF9F).contains(value) }
}

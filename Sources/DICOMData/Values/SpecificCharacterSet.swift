// SPDX-License-Identifier: Apache-2.0

/// Specific Character Set (0008,0005), PS3.3 C.12.1.1.2: how the text of a data set is read and written.
package struct SpecificCharacterSet: Sendable, Hashable {
  /// The defined terms, in the spelling of the Standard.
  package let terms: [String]
  /// Whether they were spelt otherwise.
  package let isMisspelt: Bool
  private let repertoire: Repertoire

  private enum Repertoire: Sendable, Hashable {
    case utf8
    case single(CharacterCodec)
    /// Code extensions: escape sequences switch between these (PS3.5 §6.1.2.5); the first is what a value begins in.
    case codeExtensions(g0: CharacterCodec, g1: CharacterCodec)
  }

  package static let `default` = SpecificCharacterSet([])
  package static let utf8 = SpecificCharacterSet(["ISO_IR 192"])

  package init(_ terms: [String]) {
    if terms.count == 1, let common = Self.common[terms[0]] {
      self = common
    } else {
      self.init(spelling: terms)
    }
  }

  /// What nearly every object names, made once.
  private static let common = Dictionary(
    uniqueKeysWithValues: ["ISO_IR 100", "ISO_IR 192", "ISO_IR 6", ""].map { ($0, Self(spelling: [$0])) })

  private init(spelling terms: [String]) {
    let known = terms.map { Self.standardTerm($0) }
    self.terms = known
    isMisspelt = known != terms
    let first = known.first ?? ""
    switch first {
    case "ISO_IR 192": repertoire = .utf8
    case "GB18030": repertoire = .single(.gb18030)
    case "GBK": repertoire = .single(.gbk)
    default:
      let number = first.split(separator: " ").last.flatMap { Int($0) } ?? 6
      let (g0, g1) = CharacterCodec.initial(isoIR: number)
      let isExtended = known.count > 1 || first.hasPrefix("ISO 2022")
      repertoire = isExtended ? .codeExtensions(g0: g0, g1: g1) : .single(g1)
    }
  }

  /// What becomes of bytes that the character set does not have.
  package enum Undecodable: Sendable {
    /// U+FFFD, for people.
    case replaced
    /// U+F700 to U+F7FF, a private use character a byte: `encode` makes the very bytes of it again.
    case escaped
  }

  /// The text of a value.
  package func decode(_ bytes: some Collection<UInt8>, vr: VR, undecodable: Undecodable = .replaced) -> String {
    if !bytes.contains(where: { $0 >= 0x80 || $0 == 0x1B }) { return String(decoding: bytes, as: UTF8.self) }
    let text = decodeExtended(Array(bytes), vr: vr)
    guard undecodable == .escaped, encode(text, vr: vr).map({ $0.elementsEqual(bytes) }) != true else { return text }
    return String(String.UnicodeScalarView(bytes.map { Self.escape($0) }))
  }

  private func decodeExtended(_ bytes: [UInt8], vr: VR) -> String {
    switch repertoire {
    case .utf8: String(decoding: bytes, as: UTF8.self)
    case .single(let codec): codec.decode(bytes)
    case .codeExtensions(let g0, let g1): CodeExtensionDecoder(g0: g0, g1: g1, vr: vr).decode(bytes)
    }
  }

  /// nil where the character set cannot hold the text.
  package func encode(_ text: String, vr: VR = .lo) -> [UInt8]? {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return Array(text.utf8) }
    if let bytes = Self.unescaped(text) { return bytes }
    switch repertoire {
    case .utf8: return Array(text.utf8)
    case .single(let codec): return codec.encode(text)
    case .codeExtensions(let g0, let g1):
      return CodeExtensionEncoder(g0: g0, g1: g1, terms: terms, vr: vr).encode(text)
    }
  }

  private static func escape(_ byte: UInt8) -> Unicode.Scalar {
    guard byte >= 0x80 || byte == 0x1B else { return Unicode.Scalar(byte) }
    return Unicode.Scalar(0xF700 | UInt32(byte)) ?? "\u{FFFD}"
  }

  /// nil unless some characters are escaped bytes and all others ASCII.
  private static func unescaped(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard scalar.isASCII || (0xF700...0xF7FF).contains(scalar.value) else { return nil }
      bytes.append(UInt8(truncatingIfNeeded: scalar.value))
    }
    return bytes
  }

  /// Terms that PS3.3 C.12.1.1.2 does not define.
  package var unknownTerms: [String] { terms.filter { !Self.definedTerms.contains($0) } }

  private static let definedTerms: Set<String> = {
    let numbers = [100, 101, 109, 110, 144, 127, 126, 138, 148, 203, 13, 166]
    let multiByte = [6, 87, 159, 149, 58].map { "ISO 2022 IR \($0)" }
    return Set(numbers.flatMap { ["ISO_IR \($0)", "ISO 2022 IR \($0)"] } + multiByte)
      .union(["", "ISO_IR 192", "GB18030", "GBK"])
  }()

  /// "ISO 2022 GBK" and "ISO 2022 58" are what pydicom has met.
  private static let otherNames = [
    "UTF-8": "ISO_IR 192", "UTF8": "ISO_IR 192", "ISO 2022 GBK": "GBK", "ISO 2022 58": "ISO 2022 IR 58",
    "GB2312": "ISO 2022 IR 58",
  ]

  /// Spellings seen in the field for what the Standard writes otherwise.
  private static func standardTerm(_ term: String) -> String {
    var plain = term.uppercased()
    while plain.last == " " || plain.last == "\0" { plain.removeLast() }
    plain = String(plain.drop { $0 == " " })
    if let term = otherNames[plain] { return term }
    let digits = plain.reversed().prefix { $0.isNumber }.reversed()
    guard !digits.isEmpty, plain.hasPrefix("ISO") else { return plain }
    let number = String(digits)
    let stem = plain.dropLast(number.count).filter { $0.isLetter || $0.isNumber }
    switch stem {
    case "ISOIR" where ["87", "159", "149", "58"].contains(number):
      // Sets of two bytes have terms with code extensions only.
      return "ISO 2022 IR \(number)"
    case "ISOIR": return number == "6" ? "" : "ISO_IR \(number)"
    case "ISO2022IR": return "ISO 2022 IR \(number)"
    default: return plain
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What may follow ESC, and what it brings in (PS3.3 Tables C.12-3 and C.12-4).
struct EscapeSequence {
  let codec: CharacterCodec
  let isG1: Bool
  /// With the ESC.
  let bytes: [UInt8]

  private init(_ characters: String, _ codec: CharacterCodec, isG1: Bool) {
    self.codec = codec
    self.isG1 = isG1
    bytes = [0x1B] + Array(characters.utf8)
  }

  /// The one at the beginning of `bytes`; nil for those that PS3.3 does not define.
  init?(in bytes: ArraySlice<UInt8>) {
    guard let known = Self.all.first(where: { bytes.starts(with: $0.bytes) }) else { return nil }
    self = known
  }

  var length: Int { bytes.count }

  /// Those that a defined term allows, in the order of the Standard.
  static func allowed(by term: String) -> [EscapeSequence] {
    let number = term.split(separator: " ").last.flatMap { Int($0) } ?? 6
    return all.filter { (numbers[number] ?? []).contains($0.bytes) }
  }

  static func bringing(_ codec: CharacterCodec, toG1 isG1: Bool) -> EscapeSequence? {
    all.first { $0.codec == codec && $0.isG1 == isG1 }
  }

  private static let all: [EscapeSequence] = [
    EscapeSequence("$)C", .ksX1001, isG1: true), EscapeSequence("$)A", .gb2312, isG1: true),
    EscapeSequence("$(D", .jisX0212, isG1: false), EscapeSequence("$B", .jisX0208, isG1: false),
    EscapeSequence("(B", .ascii, isG1: false), EscapeSequence("(J", .jisX0201, isG1: false),
    EscapeSequence(")I", .jisX0201, isG1: true), EscapeSequence("-A", .latin1, isG1: true),
    EscapeSequence("-B", .latin2, isG1: true), EscapeSequence("-C", .latin3, isG1: true),
    EscapeSequence("-D", .latin4, isG1: true), EscapeSequence("-L", .cyrillic, isG1: true),
    EscapeSequence("-G", .arabic, isG1: true), EscapeSequence("-F", .greek, isG1: true),
    EscapeSequence("-H", .hebrew, isG1: true), EscapeSequence("-M", .latin5, isG1: true),
    EscapeSequence("-T", .thai, isG1: true), EscapeSequence("-b", .latin9, isG1: true),
  ]

  /// By the ISO registration number of the term.
  private static let numbers: [Int: [[UInt8]]] = [
    6: ["(B"], 100: ["-A"], 101: ["-B"], 109: ["-C"], 110: ["-D"], 144: ["-L"], 127: ["-G"], 126: ["-F"], 138: ["-H"],
    148: ["-M"], 166: ["-T"], 203: ["-b"], 13: ["(J", ")I"], 87: ["$B"], 159: ["$(D"], 149: ["$)C"], 58: ["$)A"],
  ].mapValues { texts in texts.map { [0x1B] + Array($0.utf8) } }
}

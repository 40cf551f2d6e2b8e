// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DICOMData

/// The examples of PS3.5 annexes H, I, J and K, and terms as devices misspell them.
@Suite struct CharacterSetTests {
  @Test(
    arguments: [
      (["ISO_IR 100"], [0x4D, 0xFC, 0x6C], "Mül"),
      (["ISO-IR 100"], [0x4D, 0xFC, 0x6C], "Mül"),
      (["ISO IR 100"], [0x4D, 0xFC, 0x6C], "Mül"),
      (["ISO2022 IR 100"], [0x4D, 0xFC, 0x6C], "Mül"),
      (["UTF-8"], [0x4D, 0xC3, 0xBC, 0x6C], "Mül"),
      (["ISO 2022 GBK"], [0xCD, 0xF5], "王"), (["ISO 2022 58"], [0xCD, 0xF5], "王"), (["GB2312"], [0xCD, 0xF5], "王"),
      (["ISO_IR 87"], [0x1B, 0x24, 0x42, 0x3B, 0x33, 0x45, 0x44, 0x1B, 0x28, 0x42, 0x5E, 0x41], "山田^A"),
      (["ISO_IR 149"], [0xFB, 0xF3], "洪"),
      (["ISO 2022 IR 87"], [0x41, 0x3D, 0x1B, 0x24, 0x42, 0x3B, 0x33, 0x45, 0x44, 0x1B, 0x28, 0x42], "A=山田"),
      (["ISO_IR 192"], [0xE5, 0xB1, 0xB1], "山"),
      (["ISO_IR 126"], [0xC4, 0xE9], "Δι"),
      (["ISO_IR 144"], [0xBB, 0xEE], "Лю"),
      (["ISO_IR 166"], [0xCA, 0xC1], "สม"),
      (["GB18030"], [0xCD, 0xF5], "王"),
      (["ISO_IR 13"], [0xD4, 0xCF, 0xC0, 0xDE], "ﾔﾏﾀﾞ"),
      // H.3.1
      (["", "ISO 2022 IR 87"], [0x1B, 0x24, 0x42, 0x3B, 0x33, 0x45, 0x44, 0x1B, 0x28, 0x42, 0x5E, 0x41], "山田^A"),
      // I.2
      (["", "ISO 2022 IR 149"], [0x1B, 0x24, 0x29, 0x43, 0xFB, 0xF3], "洪"),
      // K.2
      (["", "ISO 2022 IR 58"], [0x1B, 0x24, 0x29, 0x41, 0xD0, 0xA1], "小"),
      ([], [0x41, 0x42], "AB"),
    ] as [([String], [UInt8], String)])
  func termsDecode(terms: [String], bytes: [UInt8], text: String) {
    #expect(SpecificCharacterSet(terms).decode(bytes, vr: .pn) == text)
  }

  /// A28: broken bytes are no reason to fail.
  @Test(arguments: [
    ["ISO_IR 192"], ["", "ISO 2022 IR 87"], ["", "ISO 2022 IR 149"], ["GB18030"], ["ISO_IR 13"], ["ISO_IR 999"], [],
  ])
  func noBytesAreFatal(terms: [String]) {
    let characterSet = SpecificCharacterSet(terms)
    for first in UInt8.min...UInt8.max {
      for second: UInt8 in [0, 0x1B, 0x24, 0x42, 0x7F, 0x80, 0xA1, 0xFE, 0xFF] {
        _ = characterSet.decode([0x1B, first, second, first], vr: .lo)
        _ = characterSet.decode([first, second], vr: .pn)
      }
    }
  }

  @Test(
    arguments: [
      (["ISO_IR 100"], "Müller", [0x4D, 0xFC, 0x6C, 0x6C, 0x65, 0x72]),
      (["ISO_IR 100"], "山", nil),
      (["ISO_IR 192"], "山", [0xE5, 0xB1, 0xB1]),
      (["ISO_IR 126"], "ASCII", [0x41, 0x53, 0x43, 0x49, 0x49]),
      (["ISO_IR 13"], "ﾔﾏﾀﾞ", [0xD4, 0xCF, 0xC0, 0xDE]),
      // Shift JIS has these, JIS X 0201 does not; its yen sign would be a backslash.
      (["ISO_IR 13"], "山", nil), (["ISO_IR 13"], "ﾔ\u{A5}", nil),
      (["GB18030"], "王", [0xCD, 0xF5]),
    ] as [([String], String, [UInt8]?)])
  func textEncodesOrNot(terms: [String], text: String, bytes: [UInt8]?) {
    #expect(SpecificCharacterSet(terms).encode(text) == bytes)
  }

  /// PS3.5 annexes H, I, J and K: the bytes that the Standard prints for these names.
  @Test(
    arguments: [
      (
        ["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "Yamada^Tarou=\u{1B}$B;3ED\u{1B}(B^\u{1B}$BB@O:\u{1B}(B=\u{1B}$B$d$^$@\u{1B}(B^\u{1B}$B$?$m$&\u{1B}(B".utf8.map
        { $0 }
      ),
      (
        ["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
        [
          0xD4, 0xCF, 0xC0, 0xDE, 0x5E, 0xC0, 0xDB, 0xB3, 0x3D, 0x1B, 0x24, 0x42, 0x3B, 0x33, 0x45, 0x44, 0x1B, 0x28,
          0x4A,
        ]
          + [0x5E, 0x1B, 0x24, 0x42, 0x42, 0x40, 0x4F, 0x3A, 0x1B, 0x28, 0x4A]
      ),
      (
        ["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동",
        "Hong^Gildong=\u{1B}$)C".utf8 + [0xFB, 0xF3, 0x5E, 0x1B, 0x24, 0x29, 0x43, 0xD1, 0xCE, 0xD4, 0xD7, 0x3D]
          + [0x1B, 0x24, 0x29, 0x43, 0xC8, 0xAB, 0x5E, 0x1B, 0x24, 0x29, 0x43, 0xB1, 0xE6, 0xB5, 0xBF]
      ),
      (
        ["", "ISO 2022 IR 58"], "Zhang^XiaoDong=张^小东",
        "Zhang^XiaoDong=\u{1B}$)A".utf8 + [0xD5, 0xC5, 0x5E, 0x1B, 0x24, 0x29, 0x41, 0xD0, 0xA1, 0xB6, 0xAB]
      ),
      (
        ["ISO 2022 IR 100", "ISO 2022 IR 144"], "Ü Люкceмбypг",
        [0xDC, 0x20, 0x1B, 0x2D, 0x4C, 0xBB, 0xEE, 0xDA, 0x63, 0x65, 0xDC, 0xD1, 0x79, 0x70, 0xD3]
      ),
      (["", "ISO 2022 IR 87"], "é", nil),
    ] as [([String], String, [UInt8]?)])
  func codeExtensionsAreWritten(terms: [String], text: String, bytes: [UInt8]?) {
    let set = SpecificCharacterSet(terms)
    #expect(set.encode(text, vr: .pn) == bytes)
    if let bytes { #expect(set.decode(bytes, vr: .pn) == text) }
  }

  /// PS3.5 §6.1.2.5.3: a backslash ends the sets in force only where it separates values.
  @Test(arguments: [(VR.lt, "한\\국"), (.lo, "한\\\u{B1}\u{B9}")])
  func aBackslashResetsBetweenValues(vr: VR, text: String) {
    let set = SpecificCharacterSet(["", "ISO 2022 IR 149"])
    let bytes: [UInt8] = [0x1B, 0x24, 0x29, 0x43, 0xC7, 0xD1, 0x5C, 0xB1, 0xB9]
    #expect(set.decode(bytes, vr: vr) == text)
    let written = set.encode("한\\국", vr: vr)
    #expect(written.map { set.decode($0, vr: vr) } == "한\\국")
  }

  /// A value may begin with a combining mark, a name's group too.
  @Test func valuesAreSplitBeforeCombiningMarks() throws {
    let bytes = Raw.text(8, 5, "CS", "ISO_IR 192") + Raw.text(0x10, 0x20, "LO", "A\\\u{301}B\\C")
    let read = try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian)
    #expect(read.strings(.patientID) == ["A", "\u{301}B", "C"])
  }

  /// A28: whatever the bytes are, the escaped text makes the very bytes again.
  @Test(arguments: [
    ["ISO_IR 192"], ["", "ISO 2022 IR 87"], ["", "ISO 2022 IR 149"], ["GB18030"], ["ISO_IR 13"], ["ISO_IR 999"], [],
    ["ISO_IR 100"], ["ISO_IR 166"], ["ISO 2022 IR 6", "ISO 2022 IR 159", "ISO 2022 IR 13"],
  ])
  func anyBytesSurviveAsText(terms: [String]) {
    let set = SpecificCharacterSet(terms)
    var chance = SystemRandomNumberGenerator()
    for _ in 0..<3000 {
      let bytes = (0..<Int.random(in: 0...12, using: &chance)).map { _ in
        Bool.random(using: &chance)
          ? UInt8.random(in: 0...255, using: &chance) : [0x1B, 0x24, 0x42, 0x5C].randomElement() ?? 0
      }
      let text = set.decode(bytes, vr: .lo, undecodable: .escaped)
      #expect(set.encode(text, vr: .lo) == bytes, "\(bytes)")
    }
  }

  /// A29: NUL, CR, LF, right-to-left marks and characters of four bytes in a name.
  @Test(arguments: ["A\0B^C", "A\r\nB", "\u{202E}evil^name", "😀^😀=😀", "a\u{0301}"])
  func oddNamesSurvive(name: String) throws {
    var builder = DataSetBuilder(characterSet: .utf8)
    builder.set(.specificCharacterSet, .cs, "ISO_IR 192")
    builder.set(.patientName, .pn, name)
    let bytes = builder.encoded(as: .explicitVRLittleEndian)
    let read = try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian)
    #expect(read.string(.patientName) == name)
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(JSONModel().text(of: read).utf8)) }
  }
}

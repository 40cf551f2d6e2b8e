// SPDX-License-Identifier: Apache-2.0

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
    ] as [([String], String, [UInt8]?)])
  func textEncodesOrNot(terms: [String], text: String, bytes: [UInt8]?) {
    #expect(SpecificCharacterSet(terms).encode(text) == bytes)
  }
}

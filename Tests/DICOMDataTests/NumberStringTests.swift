// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DICOMData

@Suite struct NumberStringTests {
  @Test(
    arguments: [
      ("018M", 18, .months), ("007D", 7, .days), ("052W", 52, .weeks), ("099Y ", 99, .years), ("000Y\0", 0, .years),
      ("18M", nil, .months), ("0018M", nil, .months), ("018", nil, .months), ("018m", nil, .months),
      ("018MM", nil, .months), ("+18M", nil, .months), ("", nil, .months), ("٠١٨M", nil, .months),
    ] as [(String, Int?, AgeString.Unit)])
  func agesAreReadOrNot(value: String, count: Int?, unit: AgeString.Unit) {
    let age = AgeString(value)
    #expect(age?.count == count)
    #expect(age?.unit ?? unit == unit)
    #expect(age.map { value.hasPrefix($0.text) } ?? true)
  }

  @Test(
    arguments: [
      ("0", 0), ("-0", 0), ("+12", 12), ("-12 ", -12), (" 0012", 12), ("2147483647", 2_147_483_647),
      ("-2147483648", -2_147_483_648), ("2147483648", nil), ("-2147483649", nil), ("99999999999999999999", nil),
      ("00000000000000000000012", 12), ("", nil), ("-", nil), ("1.0", nil), ("1e3", nil), ("1 2", nil), ("0x10", nil),
      ("１２", nil),
    ] as [(String, Int?)])
  func integersAreReadOrNot(value: String, number: Int?) {
    #expect(IntegerString(value)?.value == number)
    #expect(IntegerString(value)?.text ?? "" == (number == nil ? "" : value.trimmingCharacters(in: .whitespaces)))
  }

  @Test(
    arguments: [
      ("1.50", "1.5e0"), ("1.5", "1.5e0"), ("+15e-1", "1.5e0"), ("0015E-01", "1.5e0"), ("-1.5", "-1.5e0"), ("0", "0e0"),
      ("-0.00e5", "0e0"), ("1000", "1e3"), (".5", "5e-1"), ("5.", "5e0"), ("0.000001", "1e-6"), (" 12.25 ", "1.225e1"),
      ("1e0000000000000000001", "1e1"), ("123456789012345678901234567890", "1.2345678901234567890123456789e29"),
      ("1e-99999999999999", "1e-99999999999999"), ("", nil), (".", nil), ("e5", nil), ("1e", nil), ("1e+", nil),
      ("1.2.3", nil), ("+-1", nil), ("1,5", nil), ("0x10", nil), ("nan", nil), ("inf", nil), ("1 2", nil),
      ("1e999999999999999", nil), ("1e99999999999999999999999", nil), ("١", nil),
    ] as [(String, String?)])
  func decimalsAreReadOrNot(value: String, canonical: String?) {
    let decimal = DecimalString(value)
    #expect(decimal?.value.description == canonical)
    #expect(decimal.map(\.text) ?? "" == (canonical == nil ? "" : value.trimmingCharacters(in: .whitespaces)))
  }

  @Test func decimalsAreEqualAsValuesAndAsWritten() throws {
    let written = ["1.50", "1.5", "+15e-1", "1.5 "].compactMap { DecimalString($0) }
    #expect(Set(written).count == 3)
    #expect(Set(written.map(\.value)).count == 1)
  }

  @Test(
    arguments: [
      ("1.5", 1.5), ("0.1", 0.1), ("-12.75e2", -1275), ("0", 0), ("1e400", .infinity), ("-1e400", -.infinity),
      ("1e-400", 0), ("1e-99999999999999", 0), ("1e99999999999999", .infinity),
      ("9007199254740993", 9_007_199_254_740_992),
    ] as [(String, Double)])
  func doublesAreTheNearest(value: String, double: Double) throws {
    #expect(try #require(DecimalString(value)).double == double)
  }

  /// Foundation's Decimal, exact for numbers as long as these, as the judge.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func orderIsThatOfDecimal(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let texts = (0..<80).map { _ in
      let whole = Int.random(in: -30...30, using: &random)
      let fraction = ["", ".0", ".5", ".05", ".50", ".123456789"].randomElement(using: &random) ?? ""
      let exponent = ["", "e0", "E2", "e-2", "e+1", "e-10"].randomElement(using: &random) ?? ""
      return "\(whole)\(fraction)\(exponent)"
    }
    for first in texts {
      for second in texts {
        let ours = try (#require(DecimalString(first)).value, #require(DecimalString(second)).value)
        let theirs = try (#require(Decimal(string: first)), #require(Decimal(string: second)))
        #expect((ours.0 < ours.1) == (theirs.0 < theirs.1), "\(first) \(second)")
        #expect((ours.0 == ours.1) == (theirs.0 == theirs.1), "\(first) \(second)")
      }
    }
  }

  @Test(arguments: [
    ("1.2.840.10008.1.1", true), ("0.0", true), ("1", true), (String(repeating: "1", count: 64), true),
    (String(repeating: "1", count: 65), false), ("", false), (".", false), ("1.", false), (".1", false),
    ("1..2", false),
    ("1.02", false), ("00", false), ("1.2 ", false), ("1.2\0", false), ("1.a", false), ("1.-2", false), ("1/2", false),
    ("1.٢", false),
  ])
  func uidsAreValidOrNot(value: String, isValid: Bool) {
    #expect((UniqueIdentifier.fault(of: value) == nil) == isValid)
  }
}

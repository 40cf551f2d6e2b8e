// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DICOMData

/// PS3.5 §6.2, its examples, and what devices make of it.
@Suite struct TypedValueTests {
  @Test func namesHaveGroupsAndComponents() {
    let adams = PersonName("Adams^John Robert Quincy^^Rev.^B.A. M.Div. ")
    #expect(adams.alphabetic.family == "Adams")
    #expect(adams.alphabetic.given == "John Robert Quincy")
    #expect(adams.alphabetic.middle.isEmpty)
    #expect(adams.alphabetic.prefix == "Rev.")
    #expect(adams.alphabetic.suffix == "B.A. M.Div.")
    let yamada = PersonName("Yamada^Tarou=山田^太郎=やまだ^たろう")
    #expect(yamada.ideographic.family == "山田")
    #expect(yamada.phonetic.given == "たろう")
    #expect(yamada.text == "Yamada^Tarou=山田^太郎=やまだ^たろう")
    #expect(PersonName("").alphabetic.isEmpty)
    #expect(PersonName("A^B^C^D^E^F=G=H=I").groups.count == 4)
  }

  @Test(
    arguments: [
      ("20240229", 2024, 2, 29), ("202402", 2024, 2, nil), ("1999", 1999, nil, nil), ("1999.12.31", 1999, 12, 31),
      (" 20240101 ", 2024, 1, 1), ("20230229", nil, nil, nil), ("20241301", nil, nil, nil), ("2024010", nil, nil, nil),
      ("00000000", nil, nil, nil), ("", nil, nil, nil), ("2024-1-1", nil, nil, nil), ("２０２４", nil, nil, nil),
    ] as [(String, Int?, Int?, Int?)])
  func datesAreUnderstood(text: String, year: Int?, month: Int?, day: Int?) {
    let date = DICOMDate(text)
    #expect(date?.year == year)
    #expect(date?.month == month)
    #expect(date?.day == day)
  }

  /// Foundation's calendar is the judge.
  @Test func daysAreCountedAsFoundationCounts() throws {
    var calendar = Foundation.Calendar(identifier: .iso8601)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    for year in [1600, 1899, 1900, 1970, 1999, 2000, 2023, 2024, 2100, 9999] {
      for (month, day) in [(1, 1), (2, 28), (3, 1), (12, 31)] {
        let parts = DateComponents(year: year, month: month, day: day)
        let seconds = try #require(calendar.date(from: parts)).timeIntervalSince1970
        #expect(DICOMData.Calendar.days(year: year, month: month, day: day) == Int(seconds / 86_400))
      }
    }
  }

  @Test(
    arguments: [
      ("10", 36_000_000_000...39_599_999_999), ("1030", 37_800_000_000...37_859_999_999),
      ("103015", 37_815_000_000...37_815_999_999), ("103015.5", 37_815_500_000...37_815_599_999),
      ("103015.123456", 37_815_123_456...37_815_123_456), ("10:30:15", 37_815_000_000...37_815_999_999),
      ("235960", 86_400_000_000...86_400_999_999), ("24", nil), ("1060", nil), ("103061", nil), ("103", nil),
      ("103015.", nil), ("103015.1234567", nil), ("", nil), ("1:0", nil),
    ] as [(String, ClosedRange<Int>?)])
  func timesAreUnderstood(text: String, microseconds: ClosedRange<Int>?) {
    #expect(DICOMTime(text)?.microseconds == microseconds)
  }

  @Test(
    arguments: [
      ("19700101", 0...86_399_999_999, nil), ("1970", 0...31_535_999_999_999, nil),
      ("19700101000000.000001", 1...1, nil), ("19700101010000+0100", 0...999_999, 60),
      ("1970-0100", 3_600_000_000...31_539_599_999_999, -60), ("19700101000000+1500", nil, nil),
      ("197001010", nil, nil), ("197013", nil, nil), ("19700101+01", nil, nil),
    ] as [(String, ClosedRange<Int>?, Int?)])
  func dateTimesAreUnderstood(text: String, instants: ClosedRange<Int>?, offset: Int?) {
    #expect(DICOMDateTime(text)?.instants() == instants)
    #expect(DICOMDateTime(text)?.offset == offset)
  }

  @Test func aDateTimeWithoutOffsetHasThatOfThePlace() {
    #expect(DICOMDateTime("19700101")?.instants(defaultOffset: 60).lowerBound == -3_600_000_000)
  }

  @Test(
    arguments: [
      ("20240101-20240131", "20240131", true), ("20240101-20240131", "20240201", false), ("20240101-", "2030", true),
      ("-20240101", "20231231", true), ("-20240101", "20240102", false), ("202402", "20240229", true),
      ("20240101 - 20240102", "20240102", true),
    ])
  func datesMatchRanges(range: String, date: String, matches: Bool) throws {
    let range = try #require(MatchingRange(dates: range))
    #expect(range.contains(try #require(DICOMDate(date)).days) == matches)
  }

  /// A hyphen may begin an offset, or part two date times.
  @Test(
    arguments: [
      ("20200101-0500-20200102-0500", "20200101060000", true), ("20200101-0500-20200102-0500", "20200101040000", false),
      ("2020-0500", "20200101060000", true), ("20200101-", "2021", true), ("-20200101", "2019", true),
      ("20200101-20200102", "20200102235959", true),
    ])
  func dateTimesMatchRanges(range: String, instant: String, matches: Bool) throws {
    let range = try #require(MatchingRange(dateTimes: range))
    #expect(range.contains(try #require(DICOMDateTime(instant)).instants()) == matches)
  }

  @Test(arguments: ["", "-", "x-y", "2024013-", "--", "20240101-20240102-20240103"])
  func whatIsNoRangeIsNone(text: String) {
    #expect(MatchingRange(dates: text) == nil)
  }

  @Test(
    arguments: [
      ("018M", 18, AgeString.Unit.months), ("003D", 3, .days), ("42", nil, nil), ("42Y", nil, nil), ("04xY", nil, nil),
    ] as [(String, Int?, AgeString.Unit?)])
  func agesAreUnderstood(text: String, count: Int?, unit: AgeString.Unit?) {
    #expect(AgeString(text)?.count == count)
    #expect(AgeString(text)?.unit == unit)
  }

  @Test(
    arguments: [
      ("7", 7), ("-2147483648", -2_147_483_648), ("+2147483647 ", 2_147_483_647), ("2147483648", nil), ("1.0", nil),
      ("", nil), ("-", nil), ("99999999999999999999", nil),
    ] as [(String, Int?)])
  func integersAreUnderstood(text: String, value: Int?) {
    #expect(IntegerString(text)?.value == value)
  }

  @Test(
    arguments: [
      ("1.50", "+15e-1", true), ("0", "-0.00", true), ("0.1", ".1", true), ("100", "1E2", true), ("1.", "1", true),
      ("0.3", "0.30000000000001", false), ("-1", "1", false), ("1E400", "1E401", false),
    ])
  func decimalsAreCompared(left: String, right: String, isEqual: Bool) throws {
    let (a, b) = (try #require(DecimalString(left)), try #require(DecimalString(right)))
    #expect((a.value == b.value) == isEqual)
    #expect((a.value.hashValue == b.value.hashValue) == isEqual)
    #expect(a.text == left)
  }

  /// Doubles order as the digits do, as long as they can tell them apart.
  @Test func decimalsAreOrdered() throws {
    let ordered = ["-1E10", "-10.5", "-1", "-0.001", "0", "1e-30", "0.5", "0.51", "9", "10", "1e1000"]
    for (left, right) in zip(ordered, ordered.dropFirst()) {
      #expect(try #require(DecimalString(left)).value < #require(DecimalString(right)).value, "\(left) \(right)")
      #expect(try !(#require(DecimalString(right)).value < #require(DecimalString(left)).value))
    }
  }

  @Test(arguments: ["", ".", "e5", "1e", "1e99999999999999999999", "0x10", "nan", "1,5", "--1", "1 2"])
  func whatIsNoDecimalIsNone(text: String) {
    #expect(DecimalString(text) == nil)
  }

  @Test(
    arguments: [
      ("1.2.840.10008.1.1", true), ("2.25.0", true), ("", false), ("1..2", false), ("1.02", false), ("1.2a", false),
      (String(repeating: "1", count: 65), false), (String(repeating: "1", count: 64), true),
    ])
  func identifiersHaveAForm(uid: String, isValid: Bool) {
    #expect((UniqueIdentifier.fault(of: uid) == nil) == isValid)
  }

  /// No text is fatal to any of them.
  @Test func noTextIsFatal() {
    var chance = SystemRandomNumberGenerator()
    let alphabet = Array("0123456789.+-:^=\\ eEDWMY\0é山\u{301}")
    for _ in 0..<20_000 {
      let text = String(
        (0..<Int.random(in: 0...20, using: &chance)).map { _ in alphabet.randomElement(using: &chance) ?? "0" })
      _ = (DICOMDate(text)?.days, DICOMTime(text)?.microseconds, DICOMDateTime(text)?.instants())
      _ = (MatchingRange(dateTimes: text), MatchingRange(dates: text), MatchingRange(times: text))
      _ = (AgeString(text), IntegerString(text), DecimalString(text), UniqueIdentifier.fault(of: text))
      #expect(PersonName(text).text == text)
    }
  }

  @Test(arguments: [TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian])
  func numbersAreReadInPlace(syntax: TransferSyntax) throws {
    var builder = DataSetBuilder()
    builder.setIntegers(DICOMData.Tag(0x0028, 0x3006), .ow, [])
    builder.setIntegers(DICOMData.Tag(0x0018, 0x9219), .ss, [-5])
    builder.setIntegers(DICOMData.Tag(0x0018, 0x6020), .sl, [-100_000, 7])
    builder.setDecimals(DICOMData.Tag(0x0018, 0x9073), .fd, [0.1, -1e300])
    builder.setDecimals(DICOMData.Tag(0x0018, 0x605A), .fl, [1.5])
    builder.setBytes(.frameIncrementPointer, .at, [0x18, 0, 0x63, 0x10])
    let read = try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax)
    #expect(read[DICOMData.Tag(0x0018, 0x9219)]?.numbers(of: Int16.self).map { $0 } == [-5])
    #expect(read[DICOMData.Tag(0x0018, 0x6020)]?.numbers(of: Int32.self).map { $0 } == [-100_000, 7])
    #expect(read[DICOMData.Tag(0x0018, 0x9073)]?.doubles == [0.1, -1e300])
    #expect(read[DICOMData.Tag(0x0018, 0x605A)]?.floats == [1.5])
    #expect(read[.frameIncrementPointer]?.tags == [DICOMData.Tag(0x0018, 0x1063)])
    #expect(read[DICOMData.Tag(0x0028, 0x3006)]?.numbers(of: UInt16.self).isEmpty == true)
  }
}

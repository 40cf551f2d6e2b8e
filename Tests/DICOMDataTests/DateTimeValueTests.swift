// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DICOMData

@Suite struct DateTimeValueTests {
  /// Foundation's calendar as the judge of our arithmetic.
  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = .gmt
    return calendar
  }()

  /// Foundation's is Julian before October 1582: it is asked for the same day some whole cycles of 400 years later.
  private static func cycles(before year: Int) -> Int { year < 1600 ? 4 : 0 }

  private static func seconds(
    _ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int
  ) -> Int64? {
    let cycles = cycles(before: year)
    let components = DateComponents(
      year: year + cycles * 400, month: month, day: day, hour: hour, minute: minute, second: second)
    return calendar.date(from: components).map { Int64($0.timeIntervalSince1970) - Int64(cycles * 146_097 * 86400) }
  }

  private static func padded(_ number: Int, _ count: Int = 2) -> String {
    String(repeating: "0", count: max(0, count - String(number).count)) + String(number)
  }

  @Test(
    arguments: [
      ("19930822", 1993, 8, 22), ("1993.08.22", 1993, 8, 22), ("199308", 1993, 8, nil), ("1993", 1993, nil, nil),
      ("20000229", 2000, 2, 29), ("20240229", 2024, 2, 29), ("00010101", 1, 1, 1), ("99991231", 9999, 12, 31),
      (" 19930822", 1993, 8, 22), ("19930822 ", 1993, 8, 22), ("1993\0", 1993, nil, nil),
    ] as [(String, Int, Int?, Int?)])
  func datesAreRead(value: String, year: Int, month: Int?, day: Int?) throws {
    let date = try #require(DICOMDate(value))
    #expect(date.year == year && date.month == month && date.day == day)
    #expect(date.text == value.trimmingCharacters(in: CharacterSet(charactersIn: " \0")))
    #expect(date.precision == (month == nil ? .year : day == nil ? .month : .day))
  }

  @Test(arguments: [
    "", " ", "199", "19930", "1993082", "199308222", "19931301", "19930001", "19930832", "19930800", "20230229",
    "19000229", "21000229", "20240431", "1993.08", "1993.8.22", "1993.08-22", "1993-08-22", "+9930822", "-1993", "１９９３",
    "1993 08", "19930822+0100", "1993\u{0301}", "abcdefgh",
  ])
  func whatIsNoDateIsNone(value: String) {
    #expect(DICOMDate(value) == nil)
  }

  @Test(
    arguments: [
      ("10", 10, nil, nil, nil), ("1030", 10, 30, nil, nil), ("103015", 10, 30, 15, nil),
      ("070907.0705", 7, 9, 7, 70_500), ("1010", 10, 10, nil, nil), ("235959.999999", 23, 59, 59, 999_999),
      ("235960", 23, 59, 60, nil), ("000000.1", 0, 0, 0, 100_000), ("10:30:15", 10, 30, 15, nil),
      ("10:30", 10, 30, nil, nil), ("10:30:15.25", 10, 30, 15, 250_000), ("103015.000001 ", 10, 30, 15, 1),
    ] as [(String, Int, Int?, Int?, Int?)])
  func timesAreRead(value: String, hour: Int, minute: Int?, second: Int?, fraction: Int?) throws {
    let time = try #require(DICOMTime(value))
    #expect(time.hour == hour && time.minute == minute && time.second == second && time.fraction == fraction)
    #expect(time.text == value.trimmingCharacters(in: .whitespaces))
  }

  /// "021" is one that PS3.5 §6.2 names.
  @Test(arguments: [
    "", "1", "021", "24", "2400", "1060", "103061", "10301", "103015.", "103015.1234567", "1030.5", "10.5", "10:",
    "10:3",
    "10:3015", "1030:15", "10:30:15:", "103015+0100", "+1", "10 30", "٣٣",
  ])
  func whatIsNoTimeIsNone(value: String) {
    #expect(DICOMTime(value) == nil)
  }

  @Test(
    arguments: [
      ("10", .hour, 36_000_000_000, 39_599_999_999), ("1030", .minute, 37_800_000_000, 37_859_999_999),
      ("103015", .second, 37_815_000_000, 37_815_999_999),
      ("103015.5", .fraction(digits: 1), 37_815_500_000, 37_815_599_999),
      ("103015.500000", .fraction(digits: 6), 37_815_500_000, 37_815_500_000),
      // A leap second is within its minute.
      ("235960.5", .fraction(digits: 1), 86_399_999_999, 86_399_999_999),
    ] as [(String, DICOMTime.Precision, Int64, Int64)])
  func timesMeanAllTheirPrecisionLeavesOpen(
    value: String, precision: DICOMTime.Precision, earliest: Int64, latest: Int64
  ) throws {
    let time = try #require(DICOMTime(value))
    #expect(time.precision == precision)
    #expect(time.microseconds == earliest...latest)
  }

  @Test func datesAndTimesAreInOrder() throws {
    let dates = ["0001", "1993", "199308", "19930821", "1993.08.22", "199309", "1994"].compactMap { DICOMDate($0) }
    #expect(dates.count == 7 && dates.reversed().sorted().map(\.text) == dates.map(\.text))
    let times = ["09", "10", "1000", "100000", "100000.0", "100000.00", "10:00:01", "1001", "105960.5", "11"]
      .compactMap { DICOMTime($0) }
    #expect(times.count == 10 && times.reversed().sorted().map(\.text) == times.map(\.text))
    #expect(Set(["1993.08.22", "19930822", "19930822 "].compactMap { DICOMDate($0) }).count == 1)
    #expect(Set(["10:30:15", "103015", "103015.0"].compactMap { DICOMTime($0) }).count == 2)
  }

  @Test(
    arguments: [
      ("1953082711131", nil), ("19530827111300.0", 0), ("19530827111300.0+0100", 60), ("2020-0500", -300),
      ("20200101+1400", 840), ("20200101-1200", -720), ("20200101+1401", nil), ("20200101-1201", nil),
      ("20200101+0060", nil), ("2020-0000", 0), ("2020+100", nil), ("2020+01:00", nil), ("2020 +0100", nil),
      ("202001011", nil), ("2020.01.01", nil), ("20200101 10", nil), ("20200229", 0), ("20210229", nil),
      ("2020010110.5", nil), ("20200101101010.1234567", nil), ("", nil), ("+0100", nil),
    ] as [(String, Int?)])
  func dateTimesAreReadOrNot(value: String, minutes: Int?) throws {
    let dateTime = DICOMDateTime(value)
    #expect((dateTime != nil) == (minutes != nil))
    #expect(dateTime?.offset?.minutes ?? 0 == minutes ?? 0)
    #expect(dateTime?.text ?? value == value)
  }

  /// One moment in the words of several places, and where less is known, from when it may be.
  @Test(arguments: [
    ("19930822100000-0500", "19930822150000", 0), ("19930822100000.000000-0500", "19930822170000.000000+0200", 0),
    ("199308221700+0200", "199308221500", 0), ("1993082217+0200", "1993082215", 0),
    ("19931231230000-0130", "19940101003000", 0), ("19930101-0500", "19930101", 5 * 3600), ("2016+0100", "2016", -3600),
  ])
  func offsetsAreTakenIntoAccount(value: String, other: String, seconds: Int64) throws {
    let instants = try #require(DICOMDateTime(value)).instants(defaultOffset: .utc)
    let others = try #require(DICOMDateTime(other)).instants(defaultOffset: .utc)
    #expect(instants.lowerBound - others.lowerBound == seconds * 1_000_000)
    #expect(instants.upperBound - others.upperBound == seconds * 1_000_000)
  }

  @Test func theDefaultOffsetIsForThoseWithoutOne() throws {
    let eastern = try #require(UTCOffset("-0500"))
    let local = try #require(DICOMDateTime("20200101"))
    let offset = try #require(DICOMDateTime("20200101+0000"))
    #expect(local.instants(defaultOffset: eastern).lowerBound == 1_577_836_800_000_000 + 5 * 3_600_000_000)
    #expect(offset.instants(defaultOffset: eastern).lowerBound == 1_577_836_800_000_000)
    #expect(offset.instants(defaultOffset: eastern).count == 86_400_000_000)
    #expect(UTCOffset(minutes: .max) == nil && UTCOffset(minutes: .min) == nil)
    #expect(eastern.description == "-0500" && UTCOffset(minutes: 345)?.description == "+0545")
  }

  /// Every day of the years around the exceptions of the calendar.
  @Test(arguments: [1, 4, 100, 399, 400, 1500, 1582, 1899, 1900, 1969, 1970, 1999, 2000, 2023, 2024, 2100, 9999])
  func daysAreFoundationsDays(year: Int) throws {
    for month in 1...12 {
      for day in 1...31 {
        let text = Self.padded(year, 4) + Self.padded(month) + Self.padded(day)
        let judged = DateComponents(year: year + Self.cycles(before: year) * 400, month: month, day: day)
        let isThere = judged.isValidDate(in: Self.calendar)
        let date = DICOMDate(text)
        #expect((date != nil) == isThere, "\(text)")
        guard let date else { continue }
        let expected = try #require(Self.seconds(year, month, day, 0, 0, 0)) / 86400
        #expect(date.days == expected...expected, "\(text)")
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func instantsAreFoundations(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    for _ in 0..<500 {
      let year = Int.random(in: 1...9999, using: &random)
      let fields =
        [Int.random(in: 1...12, using: &random), .random(in: 1...28, using: &random)]
        + [23, 59, 59].map { Int.random(in: 0...$0, using: &random) }
      let fraction = Int.random(in: 0...999_999, using: &random)
      let offset = try #require(UTCOffset(minutes: .random(in: -720...840, using: &random)))
      let local = Self.padded(year, 4) + fields.map { Self.padded($0) }.joined()
      let expected = try #require(Self.seconds(year, fields[0], fields[1], fields[2], fields[3], fields[4]))
      let start = (expected - Int64(offset.minutes) * 60) * 1_000_000
      let whole = try #require(DICOMDateTime(local + "\(offset)"))
      #expect(whole.instants(defaultOffset: .utc) == start...start + 999_999, "\(whole)")
      let exact = try #require(DICOMDateTime(local + "." + Self.padded(fraction, 6)))
      let moment = start + Int64(fraction)
      #expect(exact.instants(defaultOffset: offset) == moment...moment, "\(exact)")
    }
  }
}

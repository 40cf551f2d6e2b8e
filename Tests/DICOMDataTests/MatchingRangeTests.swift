// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DICOMData

/// PS3.4 §C.2.2.2.5.
@Suite struct MatchingRangeTests {
  @Test(
    arguments: [
      ("20200101-20200131", "20200101", "20200131"), ("20200101-", "20200101", nil), ("-20200131", nil, "20200131"),
      ("20200101", "20200101", "20200101"), ("2020-202106", "2020", "202106"), ("- 20200131", nil, "20200131"),
      ("20200101 - 20200131 ", "20200101", "20200131"), ("1997.04.01-1997.04.30", "1997.04.01", "1997.04.30"),
    ] as [(String, String?, String?)])
  func dateRangesAreRead(value: String, lower: String?, upper: String?) throws {
    let range = try #require(DateRange(value))
    #expect(range.lower?.text == lower && range.upper?.text == upper)
    #expect(value.hasPrefix(range.text))
  }

  @Test(arguments: ["", "-", " - ", "--", "2020-2021-2022", "x-2020", "2020-x", "20201301-", "2020--2021", "*"])
  func whatIsNoDateRangeIsNone(value: String) {
    #expect(DateRange(value) == nil)
  }

  /// A hyphen separates, or begins an offset.
  @Test(
    arguments: [
      ("20200101-0500-20200102", "20200101-0500", "20200102"), ("20200101-", "20200101", nil),
      ("20200101-0500-20200102-0500", "20200101-0500", "20200102-0500"), ("2020-0500", "2020-0500", "2020-0500"),
      ("20200101-20200102-0500", "20200101", "20200102-0500"), ("20200101-0500-", "20200101-0500", nil),
      ("-20200101-0500", nil, "20200101-0500"), ("-2020", nil, "2020"), ("-0500", nil, "0500"),
      ("2019-2020", "2019", "2020"), ("20200101-2500", "20200101", "2500"),
      ("2019-2020-0500", "2019", "2020-0500"), ("2020-0500-2021", "2020-0500", "2021"),
      // As 1150 to 1100 it would not be in order.
      ("1150-1100-1200", "1150-1100", "1200"), ("2020-1000-", "2020-1000", nil),
      ("20200101+0100-20200102+0100", "20200101+0100", "20200102+0100"),
      ("20160420102030-0700-20160421085005-0700", "20160420102030-0700", "20160421085005-0700"),
      ("20200101120000.5 - 20200101130000.5", "20200101120000.5", "20200101130000.5"),
    ] as [(String, String?, String?)])
  func dateTimeRangesAreRead(value: String, lower: String?, upper: String?) throws {
    let range = try #require(DateTimeRange(value))
    #expect(range.lower?.text == lower && range.upper?.text == upper)
    #expect(range.text == value)
  }

  @Test(arguments: [
    "", "-", "--", "---", "-----", "20200101--0500", "20200101-0500-20200102-0500-", "2020-2021-2022", "-2020-2021",
  ])
  func whatIsNoDateTimeRangeIsNone(value: String) {
    #expect(DateTimeRange(value) == nil)
  }

  @Test(arguments: [
    ("20200101-20200131", "20200101", true, true), ("20200101-20200131", "20200131", true, true),
    ("20200101-20200131", "20200201", false, false), ("20200101-20200131", "202001", true, true),
    ("20200110-20200131", "202001", false, true), ("20200101-", "99991231", true, true),
    ("20200101-", "20191231", false, false), ("-20200131", "0001", true, true), ("2020", "20200615", true, true),
    ("2020", "20210101", false, false), ("20200101", "2020.01.01", true, true), ("2021-2020", "2020", false, false),
  ])
  func datesAreInRange(range: String, point: String, isContained: Bool, overlaps: Bool) throws {
    let range = try #require(DateRange(range))
    let date = try #require(DICOMDate(point))
    #expect(range.contains(date) == isContained && range.overlaps(date) == overlaps)
  }

  @Test(arguments: [
    ("10-11", "115959.999999", true), ("10-11", "12", false), ("1000-1030", "10", false), ("1000-1030", "103059", true),
    ("1000-1030", "103100", false), ("2200-0400", "2300", false), ("23-", "235960", true), ("-2359", "235960", true),
    ("10:00:00-10:30:00", "101500.5", true), ("103015", "103015.25", true),
  ])
  func timesAreInRange(range: String, point: String, isContained: Bool) throws {
    #expect(try #require(TimeRange(range)).contains(try #require(DICOMTime(point))) == isContained)
  }

  @Test(arguments: [
    ("20200101-0500-20200102-0500", "20200101", "+0000", false),
    ("20200101-0500-20200102-0500", "2020010105", "+0000", true),
    ("20200101-20200102", "20200101-0500", "-0500", true), ("20200101-20200102", "20200103-0500", "-0500", false),
    ("20200101", "20191231230000+0000", "+0200", true), ("2020-", "20200101", "+1400", true),
    ("-2019+0000", "20191231235960", "+0000", true),
  ])
  func momentsAreInRange(range: String, point: String, offset: String, isContained: Bool) throws {
    let offset = try #require(UTCOffset(offset))
    let moment = try #require(DICOMDateTime(point))
    #expect(try #require(DateTimeRange(range)).contains(moment, defaultOffset: offset) == isContained)
  }
}

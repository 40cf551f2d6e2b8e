// SPDX-License-Identifier: Apache-2.0

/// A Date (DA, PS3.5 §6.2): `YYYYMMDD` or the retired `YYYY.MM.DD`; `YYYYMM` and `YYYY` where less is known.
///
/// Equal are dates that say the same to the same precision, however they are written.
package struct DICOMDate: Sendable {
  package enum Precision: Sendable, Hashable {
    case year, month, day
  }

  /// As written, without padding.
  package let text: String
  /// 0...9999
  package let year: Int
  /// 1...12
  package let month: Int?
  /// 1...31, and a day of its month
  package let day: Int?

  /// nil for what is no date of the Gregorian calendar.
  package init?(_ value: some StringProtocol) {
    let text = value.withoutPadding
    var reader = DigitReader(text)
    let isRetiredForm = text.utf8.count == 10
    guard let date = try? DICOMDate(reading: &reader, separator: isRetiredForm ? UInt8(ascii: ".") : nil),
      reader.isAtEnd
    else { return nil }
    self = date
  }

  init(reading reader: inout DigitReader, separator: UInt8? = nil) throws(DigitReader.Malformed) {
    let start = reader.rest
    year = try reader.number(digits: 4, in: GregorianCalendar.years)
    month = try reader.component(behind: separator, in: 1...12)
    day =
      if let month {
        try reader.component(behind: separator, in: 1...GregorianCalendar.days(inMonth: month, of: year))
      } else { nil }
    text = String(start[..<reader.rest.startIndex])
  }

  package var precision: Precision {
    month == nil ? .year : day == nil ? .month : .day
  }

  /// The days that it may mean, as days since 1970-01-01.
  package var days: ClosedRange<Int64> {
    let lastMonth = month ?? 12
    let lastDay = day ?? GregorianCalendar.days(inMonth: lastMonth, of: year)
    return GregorianCalendar.day(year, month ?? 1, day ?? 1)...GregorianCalendar.day(year, lastMonth, lastDay)
  }
}

extension DICOMDate: Hashable, Comparable {
  /// What is not known counts as 0: a year comes before its months, a month before its days.
  private var order: (Int, Int, Int) { (year, month ?? 0, day ?? 0) }

  package static func == (left: DICOMDate, right: DICOMDate) -> Bool { left.order == right.order }
  package static func < (left: DICOMDate, right: DICOMDate) -> Bool { left.order < right.order }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(year)
    hasher.combine(month ?? 0)
    hasher.combine(day ?? 0)
  }
}

extension DICOMDate: CustomStringConvertible {
  package var description: String { text }
}

// SPDX-License-Identifier: Apache-2.0

/// A date and a time of day as the index keeps them, YYYYMMDD and HHMMSSFFFFFF, moved between time zones.
struct CivilMoment {
  private var minutes: Int
  /// SSFFFFFF: no zone is off by seconds.
  private let rest: Substring

  /// nil for what is no date of the calendar.
  init?(date: some StringProtocol, time: some StringProtocol) {
    guard date.utf8.count == 8, time.utf8.count == 12,
      let year = Int(date.prefix(4)), let month = Int(date.dropFirst(4).prefix(2)),
      let day = Int(date.dropFirst(6)), (1...12).contains(month), (1...31).contains(day), year >= 0,
      let hour = Int(time.prefix(2)), let minute = Int(time.dropFirst(2).prefix(2)), hour < 24, minute < 60
    else { return nil }
    minutes = (Self.days(year, month, day) * 24 + hour) * 60 + minute
    rest = Substring(String(time.dropFirst(4)))
  }

  /// A zone as DICOM says it, "+0130"; nil for what is none.
  static func offset(_ text: some StringProtocol) -> Int? {
    guard text.utf8.count == 5, let sign = text.first, sign == "+" || sign == "-",
      text.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber }), let hours = Int(text.dropFirst().prefix(2)),
      let minutes = Int(text.suffix(2)), hours <= 14, minutes < 60
    else { return nil }
    return (sign == "-" ? -1 : 1) * (hours * 60 + minutes)
  }

  func shifted(by offset: Int) -> CivilMoment {
    var moment = self
    moment.minutes += offset
    return moment
  }

  var date: String {
    let days = minutes >= 0 ? minutes / 1440 : (minutes - 1439) / 1440
    let (year, month, day) = Self.date(days)
    return Self.padded(year, 4) + Self.padded(month, 2) + Self.padded(day, 2)
  }

  var time: String {
    let minute = (minutes % 1440 + 1440) % 1440
    return Self.padded(minute / 60, 2) + Self.padded(minute % 60, 2) + rest
  }

  private static func padded(_ number: Int, _ count: Int) -> String {
    let text = String(max(number, 0))
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
  }

  /// Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant's days_from_civil).
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}

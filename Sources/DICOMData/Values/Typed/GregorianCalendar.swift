// SPDX-License-Identifier: Apache-2.0

/// The Gregorian calendar, by which dates are to be understood (PS3.5 §6.2), also before it was introduced.
enum GregorianCalendar {
  /// The years that four digits write: no arithmetic on them comes near an overflow.
  static let years = 0...9999

  static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970-01-01.
  static func day(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
    // Years that begin in March have their leap day at the end, and months of a regular pattern: 153 days in five.
    let marchYear = (month > 2 ? year : year - 1) + 400
    let marchMonth = (month + 9) % 12
    let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
    let days = marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear
    // From 1 March of the year -400, which keeps every division above zero.
    return Int64(days - 865_565)
  }
}

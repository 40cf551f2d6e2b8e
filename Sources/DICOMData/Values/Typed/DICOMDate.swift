// SPDX-License-Identifier: Apache-2.0

/// A DA (PS3.5 §6.2): a day, or in a query a month or a year. `text` is the value as written.
package struct DICOMDate: Sendable, Hashable, CustomStringConvertible {
  package let text: String
  package let year: Int
  package let month: Int?
  package let day: Int?

  /// YYYYMMDD, YYYYMM, YYYY, or YYYY.MM.DD as ACR-NEMA had it; nil for anything else and for days that never were.
  package init?(_ text: some StringProtocol) {
    let bare = Substring(text).withoutPadding
    var digits = bare
    if bare.utf8.count == 10 {
      let parts = bare.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.map(\.utf8.count) == [4, 2, 2] else { return nil }
      digits = Substring(parts.joined())
    }
    guard let fields = Fields(digits.utf8), fields.rest.isEmpty else { return nil }
    self.text = String(bare)
    year = fields.year
    month = fields.month
    day = fields.day
  }

  package var description: String { text }

  /// Days since 1970-01-01 of the first and the last day that it can mean.
  package var days: ClosedRange<Int> {
    let first = Calendar.days(year: year, month: month ?? 1, day: day ?? 1)
    let lastMonth = month ?? 12
    let last = Calendar.days(
      year: year, month: lastMonth, day: day ?? Calendar.length(ofMonth: lastMonth, year: year))
    return first...max(first, last)
  }

  /// The leading YYYY[MM[DD]] of a DA or DT.
  struct Fields {
    let year: Int
    let month: Int?
    let day: Int?
    let rest: Substring.UTF8View

    init?(_ digits: Substring.UTF8View) {
      guard let year = digits.prefix(4).digits, digits.count >= 4 else { return nil }
      self.year = year
      let run = digits.prefix { (0x30...0x39).contains($0) }.count
      let month = run >= 6 ? digits.dropFirst(4).prefix(2).digits : nil
      let day = run >= 8 ? digits.dropFirst(6).prefix(2).digits : nil
      guard (1...12).contains(month ?? 1),
        (1...Calendar.length(ofMonth: month ?? 1, year: year)).contains(day ?? 1)
      else { return nil }
      self.month = month
      self.day = day
      rest = digits.dropFirst(day != nil ? 8 : month != nil ? 6 : 4)
    }
  }
}

/// The proleptic Gregorian calendar.
enum Calendar {
  static func length(ofMonth month: Int, year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Since 1970-01-01, for years of four digits.
  static func days(year: Int, month: Int, day: Int) -> Int {
    let before = year - 1
    let whole = before * 365 + before.floored(by: 4) - before.floored(by: 100) + before.floored(by: 400)
    let months = (1..<max(month, 1)).reduce(0) { $0 + length(ofMonth: $1, year: year) }
    // 719,162 days lie between 0001-01-01 and 1970-01-01.
    return whole + months + day - 1 - 719_162
  }

  private static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }
}

extension Int {
  fileprivate func floored(by divisor: Int) -> Int {
    self >= 0 ? self / divisor : (self - divisor + 1) / divisor
  }
}

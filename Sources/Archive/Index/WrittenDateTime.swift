// SPDX-License-Identifier: Apache-2.0

/// A value of VR DT (PS3.5 §6.2): what stands in it, and the zone that it names itself.
struct WrittenDateTime {
  /// YYYYMMDDHHMMSSFFFFFF, whatever precision was written.
  let digits: String
  /// Minutes east of UTC; nil where the value names no zone.
  let offset: Int?
  /// How many of the digits were written.
  let precision: Int

  /// What was left open is filled up: for a lower bound by the first moment that it may be, for an upper by the last.
  init(_ value: String, isUpperBound: Bool = false) {
    let local = value.prefix { $0 != "+" && $0 != "-" }
    let written = MatchingForm.digits(in: local)
    let rest = isUpperBound ? "99991231235959999999" : "00000101000000000000"
    precision = min(written.count, 20)
    digits = Self.filled(String(written.prefix(20)), rest, isUpperBound: isUpperBound)
    offset = CivilMoment.offset(value.dropFirst(local.count).prefix(5))
  }

  /// A month ends with the last day that it has: moved to another zone, the 31st of February would lie in March.
  private static func filled(_ written: String, _ rest: String, isUpperBound: Bool) -> String {
    let filled = written + rest.dropFirst(min(written.count, 20))
    guard isUpperBound, written.count == 6,
      let day = ["31", "30", "29", "28"].first(where: { day in
        CivilMoment(date: written + day, time: "000000000000")?.date == written + day
      })
    else { return filled }
    return written + day + filled.dropFirst(8)
  }

  /// The same moment in UTC, of digits in a zone; what is no date of the calendar stays what it is.
  func inUTC(from offset: Int) -> String { Self.moved(digits, by: -offset) }

  static func moved(_ digits: String, by minutes: Int) -> String {
    guard minutes != 0, let moment = CivilMoment(date: digits.prefix(8), time: digits.dropFirst(8)) else {
      return digits
    }
    let moved = moment.shifted(by: minutes)
    return moved.date.utf8.count == 8 ? moved.date + moved.time : digits
  }
}

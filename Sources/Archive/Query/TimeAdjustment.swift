// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Of a row, a value that is answered in the zone that the answer names. PS3.4 C.2.2.2: Timezone Offset From UTC "specifies how
/// Attribute Values of VR of DT and TM (including related Attribute Values of VR of DA, if present) are interpreted in the
/// Request and Response Identifiers if those values lack a specific time zone offset specification".
struct TimeAdjustment {
  enum Kind {
    case date(time: Int)
    /// nil for a time of which the index has no date.
    case time(date: Int?)
    case dateTime(key: Int)
  }

  let kind: Kind
  let value: Int
  let zone: Int
  /// Minutes east of UTC; nil for the zone that is told of the study.
  let wanted: Int?

  /// What nobody knows the zone of is what it is in the zone that is asked for, and so is a date without a time.
  func text(_ text: (Int) -> String) -> String {
    let own = CivilMoment.offset(text(zone))
    guard let wanted = wanted ?? own else { return text(value) }
    if case .dateTime(let key) = kind {
      let all = StoredDateTime.all(text(value), keys: text(key), zone: text(zone))
      return all.map { $0.adjusted(to: wanted) }.joined(separator: "\\")
    }
    guard let own, own != wanted else { return text(value) }
    let (days, times) =
      switch kind {
      case .date(let time): (Self.values(text(value)), Self.values(text(time)))
      case .time(let date): (Self.values(date.map(text) ?? ""), Self.values(text(value)))
      case .dateTime: ([""], [""])
      }
    let isDate = if case .date = kind { true } else { false }
    return (isDate ? days : times).indices.map { index in
      let (day, time) = (index < days.count ? days[index] : "", index < times.count ? times[index] : "")
      return Self.moved(day, time, by: wanted - own, isDate: isDate) ?? (isDate ? day : time)
    }.joined(separator: "\\")
  }

  private static func values(_ text: String) -> [String] {
    text.split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
  }

  private static func moved(_ day: String, _ time: String, by minutes: Int, isDate: Bool) -> String? {
    guard !time.isEmpty, !isDate || !day.isEmpty else { return nil }
    let date = day.isEmpty ? "20000101" : MatchingForm.plainDate(day)
    let moved = CivilMoment(date: date, time: MatchingForm.bound(time, vr: .tm, isUpper: false))?.shifted(by: minutes)
    guard let moved, moved.date.utf8.count == 8 else { return nil }
    return isDate ? moved.date : written(moved.time, precision: MatchingForm.digits(in: time).count)
  }

  /// No more than was written, but for the minutes where a zone is not off by whole hours.
  fileprivate static func written(_ clock: String, precision: Int) -> String {
    let isWhole = precision >= 4 || clock.dropFirst(2).prefix(2) == "00"
    let shown = clock.prefix(isWhole ? max(precision, 2) : 4)
    return shown.count > 6 ? shown.prefix(6) + "." + shown.dropFirst(6) : String(shown)
  }
}

extension StoredDateTime {
  /// Values that name their zone stay what they are, and so do days.
  fileprivate func adjusted(to wanted: Int) -> String {
    guard let inUTC, !isEmpty, !namesZone, written.precision >= 10 else { return text }
    let moved = WrittenDateTime.moved(inUTC, by: wanted)
    guard moved != written.digits else { return text }
    return moved.prefix(8) + TimeAdjustment.written(String(moved.dropFirst(8)), precision: written.precision - 8)
  }
}

extension QueryCompiler {
  /// nil for what is no date or time, and what is answered as it was written.
  mutating func adjustment(of tag: Tag, at place: Int) -> TimeAdjustment? {
    guard let attribute = attribute(tag) else { return nil }
    let partner = layout.partners[tag].flatMap(self.attribute).map { "\($0.table).\($0.column)" }
    let kind: TimeAdjustment.Kind
    switch attribute.vr {
    case .dt: kind = .dateTime(key: column("\(attribute.table).\(attribute.keyColumn)"))
    // What is named is then the zone that they are in already.
    case .da where options.timezone != nil:
      guard let partner else { return nil }
      kind = .date(time: column(partner))
    case .tm where options.timezone != nil: kind = .time(date: partner.map { column($0) })
    default: return nil
    }
    return TimeAdjustment(kind: kind, value: place, zone: column(toldZone), wanted: options.timezone)
  }
}

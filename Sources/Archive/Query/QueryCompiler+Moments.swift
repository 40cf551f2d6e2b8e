// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// A date and its time as one moment: combined ranges, and zones (PS3.4 C.2.2.2.5.3, C.5.1.1).
extension QueryCompiler {
  /// Returns the tags for which nothing is left to do.
  mutating func addMoments(_ keys: [MatchingKey]) -> Set<Tag> {
    guard options.combinesDateAndTime || options.timezone != nil else { return [] }
    var done: Set<Tag> = []
    for key in keys where !done.contains(key.tag) {
      guard let one = attribute(key.tag), one.vr == .da || one.vr == .tm else { continue }
      let other = layout.partners[one.tag].flatMap(attribute)
      guard let time = one.vr == .tm ? one : other else { continue }
      let date = one.vr == .da ? one : other
      let dates = date.flatMap { Self.range(keys, $0) }
      let times = Self.range(keys, time)
      let combined = options.combinesDateAndTime ? DayOrTimeRange(dates, times) : nil
      if let zone = options.timezone, dates != nil || times != nil {
        addMoment(date, time, MomentBounds(dates: dates, times: times, combined: combined), zone)
      } else if let combined, let date, !date.holdsManyKeys, !time.holdsManyKeys {
        addCombined(date, time, combined)
      } else {
        continue
      }
      if let date, dates != nil { done.insert(date.tag) }
      if times != nil { done.insert(time.tag) }
    }
    return done
  }

  private static func range(_ keys: [MatchingKey], _ attribute: IndexedAttribute) -> DayOrTimeRange? {
    keys.first { $0.tag == attribute.tag }.flatMap { DayOrTimeRange($0.matching, attribute.vr) }
  }

  private mutating func addCombined(_ date: IndexedAttribute, _ time: IndexedAttribute, _ range: DayOrTimeRange) {
    let days = "\(date.table).\(date.keyColumn)"
    let clock = "\(time.table).\(time.keyColumn)"
    let moment = "(\(days) || CASE \(clock) WHEN '' THEN '000000000000' ELSE \(clock) END)"
    add("\(days) <> ''")
    if let from = range.from { add("\(days) >= ? AND \(moment) >= ?", String(from.prefix(8)), from) }
    if let to = range.to { add("\(days) <= ? AND \(moment) <= ?", String(to.prefix(8)), to) }
  }

  /// Zones are off by less than two days: what is further away is not looked at.
  private mutating func addMoment(
    _ date: IndexedAttribute?, _ time: IndexedAttribute, _ bounds: MomentBounds, _ zone: Int
  ) {
    let days = date.map { "\($0.table).\($0.keyColumn)" }
    if let range = bounds.dates, let days {
      add("\(days) <> ''")
      if date?.holdsManyKeys == false {
        if let from = range.from { add("\(days) >= ?", MatchingForm.day(from, shiftedBy: -2)) }
        if let to = range.to { add("\(days) <= ?", MatchingForm.day(to, shiftedBy: 2)) }
      }
    }
    judge(
      .moment(
        MomentJudge(
          date: days.map { column($0) }, time: column("\(time.table).\(time.keyColumn)"), zone: column(toldZone),
          bounds: bounds, wanted: zone)))
  }

  /// Timezone Offset From UTC, as the row tells it that tells of the study; of a patient, that of the study by which they are told.
  var toldZone: String {
    layout.byTag[.timezoneOffsetFromUTC].map { "\($0.table).\($0.column)" } ?? "''"
  }
}

/// Both ends belong to it, in the form in which they are matched.
struct DayOrTimeRange {
  let from: String?
  let to: String?

  /// nil for matching that is no range.
  init?(_ matching: MatchingKey.Matching, _ vr: VR) {
    switch matching {
    case .singleValue(let value):
      from = MatchingForm.bound(value, vr: vr, isUpper: false)
      to = MatchingForm.bound(value, vr: vr, isUpper: true)
    case .range(let lower, let upper):
      from = lower.map { MatchingForm.bound($0, vr: vr, isUpper: false) }
      to = upper.map { MatchingForm.bound($0, vr: vr, isUpper: true) }
    default: return nil
    }
  }

  /// Of dates and times: from the first time of the first day to the last of the last.
  init?(_ dates: DayOrTimeRange?, _ times: DayOrTimeRange?) {
    guard let dates, let times else { return nil }
    from = dates.from.map { $0 + (times.from ?? "000000000000") }
    to = dates.to.map { $0 + (times.to ?? "235959999999") }
  }

  func contains(_ value: String) -> Bool {
    (from.map { value >= $0 } ?? true) && (to.map { value <= $0 } ?? true)
  }
}

struct MomentBounds {
  let dates: DayOrTimeRange?
  let times: DayOrTimeRange?
  /// Where both are one range.
  let combined: DayOrTimeRange?
}

/// Whether the moment of a row, in the zone that was asked for, lies within.
struct MomentJudge {
  /// nil for a time of which the index has no date.
  let date: Int?
  let time: Int
  let zone: Int
  let bounds: MomentBounds
  let wanted: Int

  func matches(_ text: (Int) -> String) -> Bool {
    let days = (date.map(text) ?? "").split(separator: "\\", omittingEmptySubsequences: false)
    let clocks = text(time).split(separator: "\\", omittingEmptySubsequences: false)
    let offset = CivilMoment.offset(text(zone))
    return (0..<max(days.count, clocks.count)).contains { index in
      matches(
        days.indices.contains(index) ? String(days[index]) : "",
        clocks.indices.contains(index) ? String(clocks[index]) : "", in: offset)
    }
  }

  private func matches(_ day: String, _ clock: String, in zone: Int?) -> Bool {
    if bounds.dates != nil && day.isEmpty { return false }
    if bounds.combined == nil && bounds.times != nil && clock.isEmpty { return false }
    // What names no zone is taken for one of the zone that was asked for; a date without a time belongs to no zone.
    let offset = clock.isEmpty ? wanted : zone ?? wanted
    let stored = CivilMoment(date: day.isEmpty ? "20000101" : day, time: clock.isEmpty ? "000000000000" : clock)
    let moved = stored?.shifted(by: wanted - offset)
    let (movedDay, movedClock) = (moved?.date ?? day, moved?.time ?? clock)
    if let combined = bounds.combined { return combined.contains(movedDay + movedClock) }
    return (bounds.dates?.contains(movedDay) ?? true) && (bounds.times?.contains(movedClock) ?? true)
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// A date and its time as one moment: combined ranges, and zones (PS3.4 C.2.2.2.5.3, C.5.1.1).
extension QueryCompiler {
  private static let pairs: [(date: Tag, time: Tag)] = [
    (.studyDate, .studyTime), (.seriesDate, .seriesTime), (.contentDate, .contentTime),
    (.acquisitionDate, Tag(0x0008, 0x0032)), (.instanceCreationDate, .instanceCreationTime),
    (.performedProcedureStepStartDate, .performedProcedureStepStartTime), (.patientBirthDate, .patientBirthTime),
  ]

  /// Returns the tags for which nothing is left to do.
  mutating func addMoments(_ keys: [MatchingKey]) -> Set<Tag> {
    guard options.combinesDateAndTime || options.timezone != nil else { return [] }
    var done: Set<Tag> = []
    for pair in Self.pairs {
      guard let date = attribute(pair.date), let time = attribute(pair.time) else { continue }
      let dates = keys.first { $0.tag == pair.date }.flatMap { DayOrTimeRange($0.matching, .da) }
      let times = keys.first { $0.tag == pair.time }.flatMap { DayOrTimeRange($0.matching, .tm) }
      let combined = options.combinesDateAndTime ? DayOrTimeRange(dates, times) : nil
      if let zone = options.timezone, dates != nil || times != nil {
        addMoment(date, time, MomentBounds(dates: dates, times: times, combined: combined), zone)
      } else if let combined {
        addCombined(date, time, combined)
      } else {
        continue
      }
      if dates != nil { done.insert(pair.date) }
      if times != nil { done.insert(pair.time) }
    }
    return done
  }

  private mutating func addCombined(_ date: IndexedAttribute, _ time: IndexedAttribute, _ range: DayOrTimeRange) {
    let days = "\(date.table).\(date.keyColumn)"
    let clock = "\(time.table).\(time.keyColumn)"
    let moment = "(\(days) || CASE \(clock) WHEN '' THEN '000000000000' ELSE \(clock) END)"
    add("\(days) <> ''")
    if let from = range.from { add("\(days) >= ? AND \(moment) >= ?", String(from.prefix(8)), from) }
    if let to = range.to { add("\(days) <= ? AND \(moment) <= ?", String(to.prefix(8)), to) }
  }

  /// Zones are off by less than a day: what is further away is not looked at.
  private mutating func addMoment(
    _ date: IndexedAttribute, _ time: IndexedAttribute, _ bounds: MomentBounds, _ zone: Int
  ) {
    let days = "\(date.table).\(date.keyColumn)"
    if let range = bounds.dates {
      add("\(days) <> ''")
      if let from = range.from { add("\(days) >= ?", MatchingForm.day(from, shiftedBy: -1)) }
      if let to = range.to { add("\(days) <= ?", MatchingForm.day(to, shiftedBy: 1)) }
    }
    judge(
      .moment(
        MomentJudge(
          date: column(days), time: column("\(time.table).\(time.keyColumn)"), zone: column(toldZone),
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
  let date: Int
  let time: Int
  let zone: Int
  let bounds: MomentBounds
  let wanted: Int

  func matches(_ text: (Int) -> String) -> Bool {
    let (day, clock) = (text(date), text(time))
    if bounds.dates != nil && day.isEmpty { return false }
    if bounds.combined == nil && bounds.times != nil && clock.isEmpty { return false }
    // What names no zone is taken for one of the zone that was asked for; a date without a time belongs to no zone.
    let offset = clock.isEmpty ? wanted : CivilMoment.offset(text(zone)) ?? wanted
    let stored = CivilMoment(date: day.isEmpty ? "20000101" : day, time: clock.isEmpty ? "000000000000" : clock)
    let moved = stored?.shifted(by: wanted - offset)
    let (movedDay, movedClock) = (moved?.date ?? day, moved?.time ?? clock)
    if let combined = bounds.combined { return combined.contains(movedDay + movedClock) }
    return (bounds.dates?.contains(movedDay) ?? true) && (bounds.times?.contains(movedClock) ?? true)
  }
}

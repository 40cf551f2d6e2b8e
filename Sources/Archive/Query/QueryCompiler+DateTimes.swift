// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Values of VR DT: each belongs to a zone of its own, to that of its object, or to none that anybody knows.
extension QueryCompiler {
  /// What a key and a value are apart though they are one moment is the sum of their zones, which is less than two days.
  private static let farthest = 2

  mutating func addDateTimes(_ attribute: IndexedAttribute, from: String?, to: String?) {
    let key = "\(attribute.table).\(attribute.keyColumn)"
    add("\(key) <> ''")
    let bounds = DateTimeBounds(from: from, to: to, zone: options.timezone)
    if !attribute.holdsManyKeys {
      if let from = bounds.from { add("\(key) >= ?", MatchingForm.day(from.day, shiftedBy: -Self.farthest)) }
      if let to = bounds.to { add("\(key) <= ?", MatchingForm.day(to.day, shiftedBy: Self.farthest) + "~") }
    }
    judge(
      .dateTime(
        DateTimeJudge(
          written: column("\(attribute.table).\(attribute.column)"), key: column(key), zone: column(toldZone),
          bounds: bounds)))
  }
}

/// Both ends belong to it.
struct DateTimeBounds {
  struct End {
    let written: WrittenDateTime
    /// Minutes east of UTC of the end: what it names itself, else what the identifier names.
    let zone: Int?

    var day: String { String(written.digits.prefix(8)) }
  }

  let from: End?
  let to: End?
  /// What the identifier names, where time zones are adjusted (PS3.4 C.2.2.2.1.3).
  let zone: Int?

  init(from: String?, to: String?, zone: Int?) {
    func end(_ value: String, isUpper: Bool) -> End {
      let written = WrittenDateTime(MatchingForm.storable(value), isUpperBound: isUpper)
      return End(written: written, zone: written.offset ?? zone)
    }
    self.from = from.map { end($0, isUpper: false) }
    self.to = to.map { end($0, isUpper: true) }
    self.zone = zone
  }

  func contain(_ value: StoredDateTime) -> Bool {
    // PS3.4 C.2.2.2.1.3, note 1: 10:30 without a zone matches 07:30-0300 too; a zone that only the object names is that of
    // its local time (PS3.5 §6.2), in which whoever names none asks.
    contain(value, as: value.digits) || (value.namesZone && contain(value, as: value.inUTC ?? value.digits))
  }

  /// `reading`: of the value, for an end of which nobody knows the zone.
  private func contain(_ value: StoredDateTime, as reading: String) -> Bool {
    (from.map { compared(value, $0, as: reading) { $0 >= $1 } } ?? true)
      && (to.map { compared(value, $0, as: reading) { $0 <= $1 } } ?? true)
  }

  private func compared(
    _ value: StoredDateTime, _ end: End, as reading: String, _ isWithin: (String, String) -> Bool
  ) -> Bool {
    guard let endZone = end.zone else { return isWithin(reading, end.written.digits) }
    // What names no zone is taken for one of the zone that is asked for.
    let moment = value.inUTC ?? WrittenDateTime.moved(value.digits, by: -(zone ?? endZone))
    return isWithin(moment, end.written.inUTC(from: endZone))
  }
}

/// A value of VR DT as the index has it: as it was written, and the key, which is in UTC where its zone was known.
struct StoredDateTime {
  let text: String
  let written: WrittenDateTime
  /// nil where nobody knows the zone.
  let inUTC: String?
  let isEmpty: Bool

  var digits: String { written.digits }
  var namesZone: Bool { written.offset != nil }

  /// `zone`: what is told of the study's. Where the key is what was written, either nobody knew a zone, or it was UTC.
  init(_ value: String, key: String, zone: String) {
    text = value
    written = WrittenDateTime(value)
    let isKnown = written.offset != nil || key != written.digits || CivilMoment.offset(zone) == 0
    inUTC = isKnown ? key : nil
    isEmpty = key.isEmpty
  }

  static func all(_ values: String, keys: String, zone: String) -> [StoredDateTime] {
    zip(
      values.split(separator: "\\", omittingEmptySubsequences: false),
      keys.split(separator: "\\", omittingEmptySubsequences: false)
    ).map { StoredDateTime(String($0), key: String($1), zone: zone) }
  }
}

/// Whether a value of a row lies within, each in its zone.
struct DateTimeJudge {
  let written: Int
  let key: Int
  let zone: Int
  let bounds: DateTimeBounds

  func matches(_ text: (Int) -> String) -> Bool {
    StoredDateTime.all(text(written), keys: text(key), zone: text(zone)).contains { value in
      !value.isEmpty && bounds.contain(value)
    }
  }
}

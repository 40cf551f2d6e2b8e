// SPDX-License-Identifier: Apache-2.0

/// A DT (PS3.5 §6.2): YYYYMMDDHHMMSS.FFFFFF&ZZXX, as much of it as is known. `text` is the value as written.
package struct DICOMDateTime: Sendable, Hashable, CustomStringConvertible {
  package let text: String
  /// From UTC, in minutes; nil where none is written.
  package let offset: Int?
  private let days: ClosedRange<Int>
  private let timeOfDay: ClosedRange<Int>?

  /// nil for what is not of this form, and for instants that never were.
  package init?(_ text: some StringProtocol) {
    let bare = Substring(text).withoutPadding
    guard let date = DICOMDate.Fields(bare.utf8) else { return nil }
    var rest = date.rest
    var time: DICOMTime.Fields?
    if date.day != nil, let next = rest.first, (0x30...0x39).contains(next) {
      guard let fields = DICOMTime.Fields(rest) else { return nil }
      time = fields
      rest = fields.rest
    }
    guard let offset = Self.offset(rest) else { return nil }
    self.text = String(bare)
    self.offset = offset.minutes
    let digits = bare.prefix(8).prefix(while: \.isNumber)
    guard let day = DICOMDate(digits.prefix(date.day != nil ? 8 : date.month != nil ? 6 : 4)) else { return nil }
    days = day.days
    timeOfDay = time?.microseconds
  }

  package var description: String { text }

  /// Microseconds since 1970-01-01 UTC of the first and the last instant that it can mean; `defaultOffset` is that of
  /// Timezone Offset From UTC (0008,0201), in minutes, or of the place.
  package func instants(defaultOffset: Int = 0) -> ClosedRange<Int> {
    let shift = (offset ?? defaultOffset) * 60_000_000
    let day = 86_400_000_000
    guard let timeOfDay else { return days.lowerBound * day - shift...(days.upperBound + 1) * day - 1 - shift }
    let start = days.lowerBound * day - shift
    return start + timeOfDay.lowerBound...start + timeOfDay.upperBound
  }

  /// "+HHMM" or "-HHMM", from -1200 to +1400; outer nil for anything else.
  private static func offset(_ suffix: Substring.UTF8View) -> (minutes: Int?, Void)? {
    guard let sign = suffix.first else { return (nil, ()) }
    guard suffix.count == 5, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
      let hours = suffix.dropFirst().prefix(2).digits, let minutes = suffix.dropFirst(3).digits, minutes < 60
    else { return nil }
    let total = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
    return (-720...840).contains(total) ? (total, ()) : nil
  }
}

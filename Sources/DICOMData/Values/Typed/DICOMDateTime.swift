// SPDX-License-Identifier: Apache-2.0

/// A Date Time (DT, PS3.5 §6.2): `YYYY[MM[DD[HH[MM[SS[.F]]]]]][&ZZXX]`, with one to six digits of F.
///
/// Equal as written; in time they are compared by their `instants`.
package struct DICOMDateTime: Sendable, Hashable {
  /// As written, without padding.
  package let text: String
  package let date: DICOMDate
  /// Only behind a date with its day.
  package let time: DICOMTime?
  package let offset: UTCOffset?

  /// nil for what is no date and time of the Gregorian calendar.
  package init?(_ value: some StringProtocol) {
    let text = value.withoutPadding
    var reader = DigitReader(text)
    guard let dateTime = try? DICOMDateTime(reading: &reader, text: String(text)), reader.isAtEnd else { return nil }
    self = dateTime
  }

  private init(reading reader: inout DigitReader, text: String) throws(DigitReader.Malformed) {
    self.text = text
    date = try DICOMDate(reading: &reader)
    time = date.day != nil && reader.isAtDigit ? try DICOMTime(reading: &reader) : nil
    offset = reader.isAtEnd ? nil : try UTCOffset(reading: &reader)
  }

  /// The moments that it may mean, as microseconds since 1970-01-01 00:00 UTC without leap seconds. Without an offset of
  /// its own it has the one given: that of Timezone Offset From UTC (0008,0201), or of whoever wrote it.
  package func instants(defaultOffset: UTCOffset) -> ClosedRange<Int64> {
    let days = date.days
    let times = time?.microseconds ?? 0...DICOMTime.microsecondsPerDay - 1
    let offset = (self.offset ?? defaultOffset).microseconds
    let earliest = days.lowerBound * DICOMTime.microsecondsPerDay + times.lowerBound - offset
    let latest = days.upperBound * DICOMTime.microsecondsPerDay + times.upperBound - offset
    return earliest...latest
  }
}

extension DICOMDateTime: CustomStringConvertible {
  package var description: String { text }
}

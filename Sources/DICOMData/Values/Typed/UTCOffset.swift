// SPDX-License-Identifier: Apache-2.0

/// An offset from UTC, `&ZZXX`: at the end of a Date Time (PS3.5 §6.2), and in Timezone Offset From UTC (0008,0201).
package struct UTCOffset: Sendable, Hashable {
  /// PS3.5 §6.2: -1200 to +1400.
  private static let allowedMinutes = -12 * 60...14 * 60

  package static let utc = UTCOffset(0)

  /// Minutes east of UTC, -720...840.
  package let minutes: Int

  private init(_ minutes: Int) {
    self.minutes = minutes
  }

  package init?(minutes: Int) {
    guard Self.allowedMinutes.contains(minutes) else { return nil }
    self.init(minutes)
  }

  package init?(_ value: some StringProtocol) {
    var reader = DigitReader(value.withoutPadding)
    guard let offset = try? UTCOffset(reading: &reader), reader.isAtEnd else { return nil }
    self = offset
  }

  /// -0000, which shall not be written, is read as UTC.
  init(reading reader: inout DigitReader) throws(DigitReader.Malformed) {
    let isWest = reader.skip(UInt8(ascii: "-"))
    guard isWest || reader.skip(UInt8(ascii: "+")) else { throw DigitReader.Malformed() }
    let hours = try reader.number(digits: 2, in: 0...14)
    let size = hours * 60 + (try reader.number(digits: 2, in: 0...59))
    guard let offset = UTCOffset(minutes: isWest ? -size : size) else { throw DigitReader.Malformed() }
    self = offset
  }

  var microseconds: Int64 { Int64(minutes) * 60 * DICOMTime.microsecondsPerSecond }
}

extension UTCOffset: CustomStringConvertible {
  /// "+0530"
  package var description: String {
    let size = abs(minutes)
    let digits = String(size / 60 * 100 + size % 60)
    return (minutes < 0 ? "-" : "+") + String(repeating: "0", count: 4 - digits.utf8.count) + digits
  }
}

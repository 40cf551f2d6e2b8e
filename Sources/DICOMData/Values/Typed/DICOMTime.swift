// SPDX-License-Identifier: Apache-2.0

/// A Time (TM, PS3.5 §6.2): `HH`, `HHMM`, `HHMMSS` or `HHMMSS.F` with one to six digits, or the retired `HH:MM:SS`.
///
/// Equal are times that say the same to the same precision, however they are written.
package struct DICOMTime: Sendable {
  package enum Precision: Sendable, Hashable {
    case hour, minute, second
    /// 1...6 digits
    case fraction(digits: Int)
  }

  static let microsecondsPerSecond: Int64 = 1_000_000
  static let microsecondsPerDay: Int64 = 86400 * microsecondsPerSecond

  /// As written, without padding.
  package let text: String
  /// 0...23
  package let hour: Int
  /// 0...59
  package let minute: Int?
  /// 0...60, for a leap second
  package let second: Int?
  /// Microseconds behind the second, 0...999999.
  package let fraction: Int?
  package let precision: Precision

  /// nil for what is no time of a day.
  package init?(_ value: some StringProtocol) {
    let text = value.withoutPadding
    var reader = DigitReader(text)
    let isRetiredForm = text.utf8.dropFirst(2).first == UInt8(ascii: ":")
    guard let time = try? DICOMTime(reading: &reader, separator: isRetiredForm ? UInt8(ascii: ":") : nil),
      reader.isAtEnd
    else { return nil }
    self = time
  }

  init(reading reader: inout DigitReader, separator: UInt8? = nil) throws(DigitReader.Malformed) {
    let start = reader.rest
    hour = try reader.number(digits: 2, in: 0...23)
    minute = try reader.component(behind: separator, in: 0...59)
    second = minute == nil ? nil : try reader.component(behind: separator, in: 0...60)
    let fraction = second == nil ? nil : try Self.fraction(reading: &reader)
    self.fraction = fraction?.microseconds
    precision =
      if let fraction {
        .fraction(digits: fraction.digits)
      } else {
        minute == nil ? .hour : second == nil ? .minute : .second
      }
    text = String(start[..<reader.rest.startIndex])
  }

  private static func fraction(
    reading reader: inout DigitReader
  ) throws(DigitReader.Malformed) -> (microseconds: Int, digits: Int)? {
    guard reader.skip(UInt8(ascii: ".")) else { return nil }
    let digits = reader.run().utf8
    guard (1...6).contains(digits.count), let number = DigitReader.number(digits) else {
      throw DigitReader.Malformed()
    }
    return (number * unit(ofDigits: digits.count), digits.count)
  }

  /// Microseconds in one unit of the last of so many digits.
  private static func unit(ofDigits count: Int) -> Int {
    (count..<6).reduce(1) { unit, _ in unit * 10 }
  }

  /// The moments that it may mean, as microseconds since midnight.
  package var microseconds: ClosedRange<Int64> {
    // A leap second shares the last microsecond of its minute: it is still within that minute, its hour and its day.
    if second == 60 {
      let last = Int64(hour * 3600 + (minute ?? 0) * 60 + 60) * Self.microsecondsPerSecond - 1
      return last...last
    }
    let start =
      Int64(hour * 3600 + (minute ?? 0) * 60 + (second ?? 0)) * Self.microsecondsPerSecond + Int64(fraction ?? 0)
    let length: Int64 =
      switch precision {
      case .hour: 3600 * Self.microsecondsPerSecond
      case .minute: 60 * Self.microsecondsPerSecond
      case .second: Self.microsecondsPerSecond
      case .fraction(let digits): Int64(Self.unit(ofDigits: digits))
      }
    return start...start + length - 1
  }
}

extension DICOMTime: Hashable, Comparable {
  /// What is not known comes before all that it may be.
  private var order: (Int, Int, Int, Int, Int) {
    let digits = if case .fraction(let digits) = precision { digits } else { 0 }
    return (hour, minute ?? -1, second ?? -1, fraction ?? -1, digits)
  }

  package static func == (left: DICOMTime, right: DICOMTime) -> Bool { left.order == right.order }
  package static func < (left: DICOMTime, right: DICOMTime) -> Bool { left.order < right.order }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(hour)
    hasher.combine(minute)
    hasher.combine(second)
    hasher.combine(fraction)
    hasher.combine(precision)
  }
}

extension DICOMTime: CustomStringConvertible {
  package var description: String { text }
}

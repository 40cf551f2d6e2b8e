// SPDX-License-Identifier: Apache-2.0

/// A TM (PS3.5 §6.2): hours, and as much of minutes, seconds and fractions as is known. `text` is the value as written.
package struct DICOMTime: Sendable, Hashable, CustomStringConvertible {
  package let text: String
  private let fields: Fields

  package var hour: Int { fields.hour }
  package var minute: Int? { fields.minute }
  /// 60 is a leap second.
  package var second: Int? { fields.second }
  package var microsecond: Int? { fields.microsecond }

  /// HH, HHMM, HHMMSS, HHMMSS.F to .FFFFFF, or HH:MM:SS with a fraction as ACR-NEMA had it; nil for anything else.
  package init?(_ text: some StringProtocol) {
    let bare = Substring(text).withoutPadding
    let digits = bare.contains(":") ? Substring(bare.filter { $0 != ":" }) : bare
    let colons = bare.utf8.enumerated().filter { $0.element == UInt8(ascii: ":") }.map(\.offset)
    guard colons.isEmpty || colons == [2] || colons == [2, 5], let fields = Fields(digits.utf8), fields.rest.isEmpty
    else {
      return nil
    }
    self.text = String(bare)
    self.fields = fields
  }

  package var description: String { text }

  /// Microseconds since midnight of the first and the last instant that it can mean.
  package var microseconds: ClosedRange<Int> { fields.microseconds }

  package static func == (left: DICOMTime, right: DICOMTime) -> Bool { left.text == right.text }
  package func hash(into hasher: inout Hasher) { hasher.combine(text) }

  /// The leading HH[MM[SS[.FFFFFF]]] of a TM, or of a DT behind its day.
  struct Fields: Sendable {
    let hour: Int
    let minute: Int?
    let second: Int?
    let microsecond: Int?
    /// Microseconds that the last digit stands for.
    private let precision: Int
    let rest: Substring.UTF8View

    init?(_ digits: Substring.UTF8View) {
      let run = digits.prefix { (0x30...0x39).contains($0) }.count
      guard run == 2 || run == 4 || run == 6, let hour = digits.prefix(2).digits, hour < 24 else { return nil }
      self.hour = hour
      minute = run >= 4 ? digits.dropFirst(2).prefix(2).digits : nil
      second = run >= 6 ? digits.dropFirst(4).prefix(2).digits : nil
      guard minute ?? 0 < 60, second ?? 0 <= 60 else { return nil }
      let behind = digits.dropFirst(run)
      guard second != nil, behind.first == UInt8(ascii: ".") else {
        microsecond = nil
        precision = second != nil ? 1_000_000 : minute != nil ? 60_000_000 : 3_600_000_000
        rest = behind
        return
      }
      let fraction = behind.dropFirst().prefix { (0x30...0x39).contains($0) }
      guard (1...6).contains(fraction.count), let value = fraction.digits else { return nil }
      let unit = [100_000, 10_000, 1000, 100, 10, 1][fraction.count - 1]
      microsecond = value * unit
      precision = unit
      rest = behind.dropFirst(1 + fraction.count)
    }

    var microseconds: ClosedRange<Int> {
      let whole = (hour * 60 + (minute ?? 0)) * 60 + (second ?? 0)
      let first = whole * 1_000_000 + (microsecond ?? 0)
      return first...first + precision - 1
    }
  }
}

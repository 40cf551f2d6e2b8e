// SPDX-License-Identifier: Apache-2.0

/// What can stand at either end of a range: a DA, TM or DT.
package protocol MatchingPoint: Sendable, Hashable {
  init?(_ value: some StringProtocol)

  /// What the point may mean, given its precision: days for DA, microseconds of a day for TM, instants for DT.
  func span(defaultOffset: UTCOffset) -> ClosedRange<Int64>
}

extension DICOMDate: MatchingPoint {
  package func span(defaultOffset: UTCOffset) -> ClosedRange<Int64> { days }
}

extension DICOMTime: MatchingPoint {
  package func span(defaultOffset: UTCOffset) -> ClosedRange<Int64> { microseconds }
}

extension DICOMDateTime: MatchingPoint {
  package func span(defaultOffset: UTCOffset) -> ClosedRange<Int64> { instants(defaultOffset: defaultOffset) }
}

package typealias DateRange = MatchingRange<DICOMDate>
package typealias TimeRange = MatchingRange<DICOMTime>
package typealias DateTimeRange = MatchingRange<DICOMDateTime>

/// What is sought in a DA, TM or DT (PS3.4 §C.2.2.2.5): `A-B`, `A-`, `-B`, or `A` alone, bounds included.
package struct MatchingRange<Point: MatchingPoint>: Sendable, Hashable {
  /// As written, without padding.
  package let text: String
  /// nil where it is open. In `A` alone both bounds are A.
  package let lower: Point?
  package let upper: Point?

  /// nil for what is no range, nothing and `-` among it.
  ///
  /// A hyphen may begin the offset of a DT. What can be one DT is one: `2020-0500` is a year in New York. Else the first
  /// reading whose bounds are in order is taken.
  package init?(_ value: some StringProtocol) {
    let text = value.withoutPadding
    if let point = Point(text) {
      self.init(text: String(text), lower: point, upper: point)
      return
    }
    // Two offsets and what is between them.
    let hyphens = text.utf8.indices.lazy.filter { text.utf8[$0] == UInt8(ascii: "-") }.prefix(4)
    guard hyphens.count <= 3 else { return nil }
    let readings = hyphens.compactMap { Self(text, separator: $0) }
    guard let reading = readings.first(where: { $0.span() != nil }) ?? readings.first else { return nil }
    self = reading
  }

  private init?(_ text: Substring, separator: Substring.Index) {
    let before = text[..<separator].withoutPadding
    let behind = Substring(text[separator...].utf8.dropFirst()).withoutPadding
    let lower = Point(before)
    let upper = Point(behind)
    guard lower != nil || before.utf8.isEmpty, upper != nil || behind.utf8.isEmpty, lower != nil || upper != nil else {
      return nil
    }
    self.init(text: String(text), lower: lower, upper: upper)
  }

  private init(text: String, lower: Point?, upper: Point?) {
    self.text = text
    self.lower = lower
    self.upper = upper
  }

  /// From the earliest that the lower bound may mean to the latest that the upper one may, in the units of the point's.
  /// nil where they are not in order: a range of times across midnight is none (PS3.4 §C.2.2.2.5.2).
  package func span(defaultOffset: UTCOffset = .utc) -> ClosedRange<Int64>? {
    let earliest = lower?.span(defaultOffset: defaultOffset).lowerBound ?? .min
    let latest = upper?.span(defaultOffset: defaultOffset).upperBound ?? .max
    return earliest <= latest ? earliest...latest : nil
  }

  /// Whether all that the point may mean, given its precision, is in the range. The offset is for a DT without one.
  package func contains(_ point: Point, defaultOffset: UTCOffset = .utc) -> Bool {
    guard let span = span(defaultOffset: defaultOffset) else { return false }
    let sought = point.span(defaultOffset: defaultOffset)
    return span.lowerBound <= sought.lowerBound && sought.upperBound <= span.upperBound
  }

  /// Whether any of what the point may mean is in the range.
  package func overlaps(_ point: Point, defaultOffset: UTCOffset = .utc) -> Bool {
    span(defaultOffset: defaultOffset)?.overlaps(point.span(defaultOffset: defaultOffset)) ?? false
  }
}

extension MatchingRange: CustomStringConvertible {
  package var description: String { text }
}

// SPDX-License-Identifier: Apache-2.0

/// What a range matching key of DA, TM or DT asks for (PS3.4 §C.2.2.2.5): "A-B", "A-", "-B", or "A" alone, by the precision
/// of each. Bounds are in the unit of `Point`: days, or microseconds.
package struct MatchingRange: Sendable, Hashable {
  package let lowerBound: Int?
  package let upperBound: Int?

  /// nil for what is no date or range of dates; bounds are days since 1970-01-01.
  package init?(dates text: some StringProtocol) {
    self.init(text) { DICOMDate($0)?.days }
  }

  /// nil for what is no time or range of times; bounds are microseconds since midnight.
  package init?(times text: some StringProtocol) {
    self.init(text) { DICOMTime($0)?.microseconds }
  }

  /// nil for what is no date time or range of them; bounds are microseconds since 1970-01-01 UTC.
  package init?(dateTimes text: some StringProtocol, defaultOffset: Int = 0) {
    self.init(text) { DICOMDateTime($0)?.instants(defaultOffset: defaultOffset) }
  }

  package func contains(_ point: ClosedRange<Int>) -> Bool {
    (lowerBound ?? .min) <= point.upperBound && point.lowerBound <= (upperBound ?? .max)
  }

  /// A hyphen may also begin the offset of a DT: the split at which both sides are something is the range.
  private init?(_ text: some StringProtocol, _ point: (Substring) -> ClosedRange<Int>?) {
    let bare = Substring(text).withoutPadding
    if let single = point(bare) {
      lowerBound = single.lowerBound
      upperBound = single.upperBound
      return
    }
    for hyphen in bare.indices where bare[hyphen] == "-" {
      let left = bare[..<hyphen].withoutPadding
      let right = bare[bare.index(after: hyphen)...].withoutPadding
      guard !(left.isEmpty && right.isEmpty) else { continue }
      let from = left.isEmpty ? nil : point(left)
      let to = right.isEmpty ? nil : point(right)
      guard left.isEmpty || from != nil, right.isEmpty || to != nil else { continue }
      lowerBound = from?.lowerBound
      upperBound = to?.upperBound
      return
    }
    return nil
  }
}

// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// Where the values of what was asked for stand in a row; the same for all pages of a question.
package final class FindColumns: Sendable {
  /// Of attributes; absent for what the index does not have at this level or above.
  package let byTag: [Tag: Int]
  /// Of the attributes in the items of sequences.
  package let bySequence: [Tag: [Tag: Int]]
  let width: Int
  /// Which items of a sequence are answered: those that match (PS3.4 C.2.2.2.6).
  let itemJudges: [Tag: ItemJudge]

  init(byTag: [Tag: Int], bySequence: [Tag: [Tag: Int]], width: Int, itemJudges: [Tag: ItemJudge] = [:]) {
    self.byTag = byTag
    self.bySequence = bySequence
    self.width = width
    self.itemJudges = itemJudges
  }
}

/// The values of some rows in one piece of memory: a row costs no allocation.
final class FindValues: Sendable {
  let columns: FindColumns
  let bytes: [UInt8]
  /// Where each value ends, row after row.
  let ends: [Int]

  init(columns: FindColumns, bytes: [UInt8], ends: [Int]) {
    self.columns = columns
    self.bytes = bytes
    self.ends = ends
  }

  var count: Int { columns.width == 0 ? 0 : ends.count / columns.width }

  /// `place`: of a value that there is.
  func start(of place: Int) -> Int { place == 0 ? 0 : ends[place - 1] }
}

/// One match: the values of what was asked for.
package struct FindRow: Sendable {
  let all: FindValues
  let index: Int

  package var columns: FindColumns { all.columns }

  /// The bytes of a column in UTF-8, values divided by backslashes. `column` is one of `columns`.
  package func withBytes<Value>(of column: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
    let range = range(of: column)
    return all.bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
  }

  /// All of the row's.
  package func withBytes<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
    let last = (index + 1) * all.columns.width - 1
    guard
      let range = all.ends.indices.contains(last) ? all.start(of: last + 1 - all.columns.width)..<all.ends[last] : nil
    else { return body(UnsafeBufferPointer(start: nil, count: 0)) }
    return all.bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
  }

  private func range(of column: Int) -> Range<Int> {
    let place = index * all.columns.width + column
    guard column < all.columns.width, all.ends.indices.contains(place) else { return 0..<0 }
    return all.start(of: place)..<all.ends[place]
  }

  package func text(of column: Int) -> String {
    String(decoding: all.bytes[range(of: column)], as: UTF8.self)
  }

  func values(of column: Int) -> [String] {
    let text = text(of: column)
    return text.isEmpty ? [] : text.split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
  }

  /// nil where the index has no such attribute at this level or above.
  package subscript(tag: Tag) -> [String]? { all.columns.byTag[tag].map(values) }

  /// The items of a sequence that match, as far as the index holds their attributes; nil where it holds none.
  package func items(of sequence: Tag) -> [[Tag: String]]? {
    guard let columns = all.columns.bySequence[sequence] else { return nil }
    let members = columns.mapValues(values)
    let count = members.values.map(\.count).max() ?? 0
    var items = (0..<count).map { index in
      members.compactMapValues { index < $0.count ? $0[index] : nil }.filter { !$0.value.isEmpty }
    }
    // Of a region that several series name there is one item.
    if sequence == DerivedKey.anatomicRegionsInStudy {
      var met: Set<[Tag: String]> = []
      items.removeAll { !met.insert($0).inserted }
    }
    guard let judge = all.columns.itemJudges[sequence] else { return items }
    return items.filter(judge.matches)
  }
}

/// Some of the matches, read in one statement together with the grants that open them.
package struct FindPage: Sendable {
  let values: FindValues
  /// Where the next page begins; nil for the last.
  package let next: PageMark?
  /// What the grants were when it was read.
  var generation = 0
  var readAt = ContinuousClock.now
  /// What the audit has to say of it.
  package var disclosure: AuditDisclosure = .nothing

  package var count: Int { values.count }
  package var columns: FindColumns { values.columns }
  /// Rounded up.
  package var bytesPerRow: Int { values.count == 0 ? 0 : values.bytes.count / values.count + 1 }
  package var rows: [FindRow] { (0..<values.count).map { FindRow(all: values, index: $0) } }
  package var isLast: Bool { next == nil }
}

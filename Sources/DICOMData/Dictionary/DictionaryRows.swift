// SPDX-License-Identifier: Apache-2.0

/// The lines of a generated table, found by binary search in place: nothing is copied until a row is wanted.
struct DictionaryRows: Sendable {
  private let table: StaticString
  private let lineStarts: [Int32]

  init(_ table: StaticString) {
    self.table = table
    var starts: [Int32] = [0]
    let bytes = UnsafeBufferPointer(start: table.utf8Start, count: table.utf8CodeUnitCount)
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") && index + 1 < bytes.count {
      starts.append(Int32(truncatingIfNeeded: index + 1))
    }
    lineStarts = starts
  }

  var indices: Range<Int> { lineStarts.indices }

  /// The columns of a row.
  func columns(at index: Int) -> [Substring] {
    String(decoding: line(at: index), as: UTF8.self).split(separator: "\t", omittingEmptySubsequences: false)
  }

  /// The first row whose line is not before `key`, byte by byte.
  func lowerBound(of key: some Collection<UInt8>) -> Int {
    var low = 0
    var high = lineStarts.count
    while low < high {
      let middle = (low + high) / 2
      if line(at: middle).lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The row that begins with `key` followed by a tab.
  func row(for key: String) -> [Substring]? {
    let sought = Array(key.utf8) + [UInt8(ascii: "\t")]
    let index = lowerBound(of: sought)
    guard indices.contains(index), line(at: index).starts(with: sought) else { return nil }
    return columns(at: index)
  }

  func line(at index: Int) -> UnsafeBufferPointer<UInt8> {
    let start = Int(lineStarts[index])
    let end = index + 1 < lineStarts.count ? Int(lineStarts[index + 1]) - 1 : table.utf8CodeUnitCount - 1
    return UnsafeBufferPointer(start: table.utf8Start + start, count: max(end - start, 0))
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Private elements that are known from the field, by the creator that reserved their block (PS3.5 §7.8).
package enum PrivateDictionary {
  package struct Entry: Sendable, Hashable {
    package let vr: VR
    package let vm: String
    package let name: String
  }

  /// What one creator's rows are; found once, then asked per element.
  struct Block: Sendable {
    fileprivate let rows: Range<Int>
    fileprivate let creatorLength: Int
  }

  private static let rows = DictionaryRows(PrivateElementTable.rows)

  package static func entry(for tag: Tag, creator: String) -> Entry? {
    guard let block = block(creator: creator), let row = row(of: tag, in: block) else { return nil }
    let columns = rows.columns(at: row)
    guard columns.count >= 5, let vr = VR(name: columns[2]) else { return nil }
    return Entry(vr: vr, vm: String(columns[3]), name: String(columns[4]))
  }

  /// nil for a creator that the table does not know.
  static func block(creator: String) -> Block? {
    let name = Array(creator.utf8)
    let first = rows.lowerBound(of: name + [UInt8(ascii: "\t")])
    let behind = rows.lowerBound(of: name + [UInt8(ascii: "\t") + 1])
    return first < behind ? Block(rows: first..<behind, creatorLength: name.count) : nil
  }

  static func vr(of tag: Tag, in block: Block) -> VR? {
    guard let row = row(of: tag, in: block) else { return nil }
    let line = rows.line(at: row)
    // Creator, tab, "gggg,eeee", tab, VR.
    let start = block.creatorLength + 11
    guard line.count > start + 2, line[start + 2] == UInt8(ascii: "\t") else { return nil }
    let vr = VR(line[start], line[start + 1])
    return vr.isDefined ? vr : nil
  }

  /// An element of the block ("xxee"), or one that the table names by its whole number.
  private static func row(of tag: Tag, in block: Block) -> Int? {
    row(Key(tag, isInBlock: true), in: block) ?? row(Key(tag, isInBlock: false), in: block)
  }

  private static func row(_ key: Key, in block: Block) -> Int? {
    var low = block.rows.lowerBound
    var high = block.rows.upperBound
    while low < high {
      let middle = (low + high) / 2
      if column(of: middle, in: block) < key.rawValue { low = middle + 1 } else { high = middle }
    }
    guard low < block.rows.upperBound, column(of: low, in: block) == key.rawValue else { return nil }
    return low
  }

  /// The "gggg,eeee" of a row without its comma, as a number in the order of the text.
  private static func column(of row: Int, in block: Block) -> UInt64 {
    let line = rows.line(at: row)
    guard line.count >= block.creatorLength + 10 else { return 0 }
    var value: UInt64 = 0
    for index in 0..<9 where index != 4 { value = value << 8 | UInt64(line[block.creatorLength + 1 + index]) }
    return value
  }

  /// Eight characters of a tag, its block number as "xx" where the creator may choose it.
  private struct Key {
    let rawValue: UInt64

    init(_ tag: Tag, isInBlock: Bool) {
      var value: UInt64 = 0
      for shift in stride(from: 28, through: 0, by: -4) {
        let digit = UInt64(tag.rawValue >> UInt32(shift) & 15)
        let isBlock = isInBlock && (shift == 12 || shift == 8)
        let character =
          isBlock
          ? UInt64(UInt8(ascii: "x")) : digit + UInt64(UInt8(ascii: digit < 10 ? "0" : "A")) - (digit < 10 ? 0 : 10)
        value = value << 8 | character
      }
      rawValue = value
    }
  }
}

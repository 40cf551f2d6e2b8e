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
    let hex = Array(tag.hex.utf8)
    let whole = Array(hex[0..<4]) + [UInt8(ascii: ",")] + hex[4..<8]
    var inBlock = whole
    inBlock[5] = UInt8(ascii: "x")
    inBlock[6] = UInt8(ascii: "x")
    return row(inBlock, in: block) ?? row(whole, in: block)
  }

  private static func row(_ key: [UInt8], in block: Block) -> Int? {
    var low = block.rows.lowerBound
    var high = block.rows.upperBound
    while low < high {
      let middle = (low + high) / 2
      let column = rows.line(at: middle).dropFirst(block.creatorLength + 1).prefix(key.count)
      if column.lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
    }
    guard low < block.rows.upperBound else { return nil }
    let found = rows.line(at: low).dropFirst(block.creatorLength + 1).prefix(key.count)
    return found.elementsEqual(key) ? low : nil
  }
}

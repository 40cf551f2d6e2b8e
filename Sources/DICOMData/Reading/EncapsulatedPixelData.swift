// SPDX-License-Identifier: Apache-2.0

/// Pixel data in fragments (PS3.5 annex A.4), and which of them are which frame.
package struct EncapsulatedPixelData: Sendable {
  package enum OffsetTable: Sendable, Hashable {
    case none
    /// 32 bits an offset, in the first item.
    case basic
    /// 64 bits an offset, in Extended Offset Table (7FE0,0001) with its lengths (7FE0,0002).
    case extended
  }

  /// Without the Basic Offset Table.
  package let fragments: [Bytes]
  package let offsetTable: OffsetTable
  private let offsets: [Int]

  /// nil where the data set has no encapsulated pixel data.
  package init?(_ dataSet: DataSet) {
    guard let element = dataSet[.pixelData], element.hasUndefinedLength, element.vr != .sq else { return nil }
    let items = dataSet.fragments(of: element)
    fragments = Array(items.dropFirst())
    let extended = dataSet[.extendedOffsetTable]?.numbers(of: UInt64.self).map { Int(clamping: $0) } ?? []
    let basic = items.first.map { BinaryNumbers<UInt32>($0, isBigEndian: element.isBigEndian).map(Int.init) } ?? []
    offsetTable = !extended.isEmpty ? .extended : basic.isEmpty ? .none : .basic
    offsets = extended.isEmpty ? basic : extended
  }

  /// Whether a table, where there is one, points at fragments, in their order and from the first (PS3.5 §A.4).
  var hasRightOffsets: Bool {
    guard let first = offsets.first else { return true }
    let starts = Set(starts.keys)
    return first == 0 && offsets.allSatisfy(starts.contains) && zip(offsets, offsets.dropFirst()).allSatisfy { $0 < $1 }
  }

  /// By offset, the fragment that begins there.
  private var starts: [Int: Int] {
    var starts: [Int: Int] = [:]
    var position = 0
    for (index, fragment) in fragments.enumerated() {
      starts[position] = index
      position += 8 + fragment.count
    }
    return starts
  }

  /// The fragments of each of `count` frames, as indices; nil where neither a table nor the number of fragments tells, or
  /// where a table points at no fragment.
  package func frames(count: Int) -> [Range<Int>]? {
    guard count > 0 else { return nil }
    guard !offsets.isEmpty else {
      if fragments.count == count { return fragments.indices.map { $0..<$0 + 1 } }
      return count == 1 ? [fragments.indices] : nil
    }
    let starts = starts
    let first = offsets.compactMap { starts[$0] }
    // Each behind the one before: offsets that are all 0 tell nothing.
    guard first.count == offsets.count, first.count == count, zip(first, first.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      return nil
    }
    return zip(first, first.dropFirst() + [fragments.count]).map { $0..<$1 }
  }
}

extension DataSetBuilder {
  /// Encapsulated pixel data, a fragment a frame (PS3.5 annex A.4). An Extended Offset Table is written where the offsets
  /// do not fit a Basic one, or when asked for.
  package mutating func setEncapsulatedPixelData(
    frames: [[UInt8]], offsetTable: EncapsulatedPixelData.OffsetTable = .basic
  ) {
    var offsets: [Int] = []
    var position = 0
    for frame in frames {
      offsets.append(position)
      position += 8 + frame.count + frame.count % 2
    }
    let isExtended = offsetTable == .extended || (offsetTable == .basic && position > Int(UInt32.max))
    remove(.extendedOffsetTable)
    remove(.extendedOffsetTableLengths)
    if isExtended {
      setIntegers(.extendedOffsetTable, .ov, offsets)
      setIntegers(.extendedOffsetTableLengths, .ov, frames.map(\.count))
    }
    let writesBasic = offsetTable == .basic && !isExtended
    let table = writesBasic ? ElementWriter(syntax: .explicitVRLittleEndian).bytes(of: offsets, vr: .ul) : []
    put(.pixelData, .ob, .fragments([table] + frames))
  }
}

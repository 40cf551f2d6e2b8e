// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Which fragments are which frame (PS3.5 §A.4): by the Extended or Basic Offset Table; where there is none, or a wrong one, by
/// where streams begin or end.
struct FrameBoundaries {
  let frames: [Range<Int>]

  init(_ pixelData: EncapsulatedPixelData, codec: PixelCodec, count: Int) throws(PixelError) {
    let fragments = pixelData.fragments
    // Each frame has a fragment of its own; of an object that is cut off those that are there can be had.
    guard count <= fragments.count else {
      guard !fragments.isEmpty, fragments.allSatisfy({ Self.beginsStream($0, codec: codec) }) else {
        throw .tooFewBytes(needed: count, there: fragments.count)
      }
      frames = fragments.indices.map { $0..<$0 + 1 }
      return
    }
    if let told = pixelData.frames(count: count) {
      frames = told
    } else if count == 1 {
      frames = [fragments.indices]
    } else if fragments.count == count {
      frames = fragments.indices.map { $0..<$0 + 1 }
    } else if let found = Self.scanned(fragments, codec: codec, count: count) {
      frames = found
    } else {
      throw .frameBoundariesUnknown(frames: count, fragments: fragments.count)
    }
  }

  private static func scanned(_ fragments: [Bytes], codec: PixelCodec, count: Int) -> [Range<Int>]? {
    guard [.jpeg, .jpegLS, .jpeg2000].contains(codec) else { return nil }
    let starts = fragments.indices.filter { beginsStream(fragments[$0], codec: codec) }
    if starts.count == count, starts.first == 0 { return ranges(starts, end: fragments.count) }
    let ends = fragments.indices.filter { endsStream(fragments[$0]) }
    guard ends.count == count, ends.last == fragments.count - 1 else { return nil }
    return ranges([0] + ends.dropLast().map { $0 + 1 }, end: fragments.count)
  }

  private static func ranges(_ starts: [Int], end: Int) -> [Range<Int>] {
    zip(starts, starts.dropFirst() + [end]).map { $0..<$1 }
  }

  private static func beginsStream(_ fragment: Bytes, codec: PixelCodec) -> Bool {
    let start = Array(fragment.prefix(8))
    switch codec {
    case .jpeg, .jpegLS: return start.starts(with: [0xFF, 0xD8, 0xFF])
    // SOC and SIZ, or the signature box of a JP2 file.
    case .jpeg2000:
      return start.starts(with: [0xFF, 0x4F, 0xFF, 0x51]) || start == [0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20]
    // 1 to 15 segments, the first of them behind the header (PS3.5 §G.5).
    case .rle: return start.count == 8 && (1...15).contains(start[0]) && Array(start[1...]) == [0, 0, 0, 64, 0, 0, 0]
    default: return false
    }
  }

  /// EOI (or EOC), and no more than padding behind it.
  private static func endsStream(_ fragment: Bytes) -> Bool {
    let end = Array(fragment.suffix(10))
    guard let marker = end.lastIndex(of: 0xD9), marker > 0, end[marker - 1] == 0xFF else { return false }
    return end[(marker + 1)...].allSatisfy { $0 == 0 || $0 == 0xFF }
  }
}

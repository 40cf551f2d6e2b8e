// SPDX-License-Identifier: Apache-2.0

import PixelCodecs

/// What a JPEG 2000 stream says of itself in its first marker segment, SIZ (ISO/IEC 15444-1 §A.5.1), read before any codec is.
struct JPEG2000Codestream {
  /// Of the codestream in the input.
  private let start: Int
  /// Without the boxes that some writers leave around it.
  let bytes: UnsafeRawBufferPointer
  let rows: Int
  let columns: Int
  let components: Int
  /// Of the first component; the others have the same.
  let precision: Int

  init(_ input: UnsafeRawBufferPointer) throws(PixelError) {
    let range = try Self.codestream(in: input)
    start = range.lowerBound
    bytes = UnsafeRawBufferPointer(rebasing: input[range])
    guard bytes.count >= 42, bytes[0] == 0xFF, bytes[1] == 0x4F, bytes[2] == 0xFF, bytes[3] == 0x51 else {
      throw .malformed(.jpeg2000, why: "it does not begin with SOC and SIZ")
    }
    let length = Self.uint16(bytes, 4)
    components = Self.uint16(bytes, 40)
    guard length == 38 + 3 * components, bytes.count >= 4 + length, components > 0 else {
      throw .malformed(.jpeg2000, why: "a SIZ of \(length) bytes")
    }
    let (right, bottom, left, top) = (
      Self.uint32(bytes, 8), Self.uint32(bytes, 12), Self.uint32(bytes, 16), Self.uint32(bytes, 20)
    )
    guard right > left, bottom > top else { throw .malformed(.jpeg2000, why: "an image without an area") }
    columns = right - left
    rows = bottom - top
    let tile = (width: Self.uint32(bytes, 24), height: Self.uint32(bytes, 28))
    guard tile.width > 0, tile.height > 0, (columns / tile.width + 1) * (rows / tile.height + 1) <= 65535 else {
      throw .malformed(.jpeg2000, why: "tiles of \(tile.width) × \(tile.height)")
    }
    let first = bytes[42]
    precision = Int(first & 0x7F) + 1
    for component in 0..<components {
      let start = 42 + 3 * component
      guard bytes[start] == first, bytes[start + 1] == 1, bytes[start + 2] == 1 else {
        throw .malformed(.jpeg2000, why: "components that are not alike")
      }
    }
  }

  func check(against layout: FrameLayout) throws(PixelError) {
    guard rows == layout.rows, columns == layout.columns, components == layout.samplesPerPixel else {
      throw .malformed(
        .jpeg2000,
        why: "\(columns) × \(rows) × \(components) in the stream, \(layout.columns) × \(layout.rows) × "
          + "\(layout.samplesPerPixel) in the data set")
    }
    guard precision <= min(layout.bitsAllocated, 31), [1, 2, 4].contains(layout.bytesPerSample),
      layout.bitsAllocated >= 8
    else {
      throw .malformed(
        .jpeg2000, why: "\(precision) bits in the stream, \(layout.bitsAllocated) allocated in the data set")
    }
  }

  /// In the input, by the lengths that stand in the header of each tile-part (ISO/IEC 15444-1 §A.4.2), from the main header on.
  var endOfTileParts: Int {
    get throws(PixelError) {
      let (startOfTilePart, leastLength) = (0xFF90, 14)
      var position = 2
      while position + 4 <= bytes.count, Self.uint16(bytes, position) != startOfTilePart {
        let length = Self.uint16(bytes, position + 2)
        guard length >= 2, length <= bytes.count - position - 2 else {
          throw .malformed(.jpeg2000, why: "a marker segment of \(length) bytes")
        }
        position += 2 + length
      }
      while position + leastLength <= bytes.count, Self.uint16(bytes, position) == startOfTilePart {
        let length = Self.uint32(bytes, position + 6)
        // 0: up to the end.
        guard length > 0 else { return start + bytes.count }
        guard length >= leastLength, length <= bytes.count - position else {
          throw .malformed(.jpeg2000, why: "the stream ends before the frame is complete")
        }
        position += length
      }
      return start + position
    }
  }

  /// DICOM asks for a bare codestream; some writers put a JP2 file there (ISO/IEC 15444-1 annex I).
  private static func codestream(in input: UnsafeRawBufferPointer) throws(PixelError) -> Range<Int> {
    guard input.count >= 12, uint32(input, 0) == 12, uint32(input, 4) == 0x6A50_2020 else {
      return 0..<input.count
    }
    var position = 12
    while position + 8 <= input.count {
      var length = uint32(input, position)
      let isLong = length == 1
      if isLong {
        guard position + 16 <= input.count, uint32(input, position + 8) == 0 else { break }
        length = uint32(input, position + 12)
      } else if length == 0 {
        length = input.count - position
      }
      let header = isLong ? 16 : 8
      guard length >= header, length <= input.count - position else { break }
      if uint32(input, position + 4) == 0x6A70_3263 {
        return position + header..<position + length
      }
      position += length
    }
    throw .malformed(.jpeg2000, why: "a JP2 file without a codestream")
  }

  private static func uint16(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
    Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
  }

  private static func uint32(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
    Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }
}

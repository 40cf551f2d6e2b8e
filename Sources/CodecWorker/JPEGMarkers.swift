// SPDX-License-Identifier: Apache-2.0

import PixelCodecs

/// What stands before the first scan of a JPEG or JPEG-LS stream (ISO/IEC 10918-1 annex B, 14495-1 annex C), walked before any
/// codec sees it: libraries go round for ever on markers that have no place there, and believe what a frame header says.
struct JPEGMarkers {
  /// The low byte of the SOF marker.
  let process: UInt8
  let precision: Int
  let rows: Int
  let columns: Int
  let components: Int

  private static let startOfScan: UInt8 = 0xDA
  private static let jpegLS: UInt8 = 0xF7

  init(_ bytes: UnsafeRawBufferPointer, codec: PixelCodec) throws(PixelError) {
    guard bytes.count >= 4, bytes[0] == 0xFF, bytes[1] == 0xD8 else {
      throw .malformed(codec, why: "it does not begin with SOI")
    }
    var position = 2
    var frame: JPEGMarkers?
    while true {
      guard position + 4 <= bytes.count else { throw .malformed(codec, why: "it ends before the first scan") }
      guard bytes[position] == 0xFF else {
        throw .malformed(codec, why: "byte \(position) is no marker")
      }
      let marker = bytes[position + 1]
      // Any number of FF may stand before a marker (§B.1.1.2).
      if marker == 0xFF {
        position += 1
        continue
      }
      guard marker != 0, marker != 0x01, !(0xD0...0xD9).contains(marker) else {
        throw .malformed(codec, why: "marker FF\(String(marker, radix: 16, uppercase: true)) before the first scan")
      }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      guard length >= 2, position + 2 + length <= bytes.count else {
        throw .malformed(codec, why: "a marker segment of \(length) bytes at \(position)")
      }
      let segment = UnsafeRawBufferPointer(rebasing: bytes[position + 4..<position + 2 + length])
      if Self.isFrame(marker) {
        guard frame == nil else { throw .malformed(codec, why: "a second frame header") }
        frame = try JPEGMarkers(frameHeader: segment, marker: marker, codec: codec)
      }
      position += 2 + length
      if marker == Self.startOfScan { break }
    }
    guard let frame else { throw .malformed(codec, why: "a scan without a frame header") }
    self = frame
  }

  private init(frameHeader segment: UnsafeRawBufferPointer, marker: UInt8, codec: PixelCodec) throws(PixelError) {
    guard segment.count >= 6, segment.count == 6 + 3 * Int(segment[5]) else {
      throw .malformed(codec, why: "a frame header of \(segment.count) bytes")
    }
    process = marker
    precision = Int(segment[0])
    rows = Int(segment[1]) << 8 | Int(segment[2])
    columns = Int(segment[3]) << 8 | Int(segment[4])
    components = Int(segment[5])
  }

  /// SOF0 to SOF15 but DHT, JPG and DAC; SOF55 is JPEG-LS.
  private static func isFrame(_ marker: UInt8) -> Bool {
    (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker) || marker == jpegLS
  }

  var isJPEGLS: Bool { process == Self.jpegLS }

  /// The stream has to be what the data set says: a codec writes by the stream's size.
  func check(against layout: FrameLayout, codec: PixelCodec) throws(PixelError) {
    guard rows == layout.rows, columns == layout.columns, components == layout.samplesPerPixel else {
      throw .malformed(
        codec,
        why: "\(columns) × \(rows) × \(components) in the stream, \(layout.columns) × \(layout.rows) × "
          + "\(layout.samplesPerPixel) in the data set")
    }
    guard (2...16).contains(precision), (precision + 7) / 8 <= layout.bytesPerSample, layout.bytesPerSample <= 2,
      layout.bitsAllocated >= 8
    else {
      throw .malformed(codec, why: "\(precision) bits in the stream, \(layout.bitsAllocated) allocated in the data set")
    }
    guard isJPEGLS == (codec == .jpegLS) else {
      throw .malformed(codec, why: "SOF marker FF\(String(process, radix: 16, uppercase: true))")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Raw deflate (RFC 1951), as PS3.5 annex A.5 asks, padded to an even length.
enum Deflater {
  /// `windowBits` as zlib takes it: negative for raw deflate.
  static func deflated(_ bytes: [UInt8], windowBits: CInt = -15) -> [UInt8] {
    var stream = z_stream()
    let size = CInt(MemoryLayout<z_stream>.size)
    let opened = deflateInit2_(
      &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
    precondition(opened == Z_OK, "zlib cannot start")
    defer { deflateEnd(&stream) }
    var deflated: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 64 << 10)
    // By pieces: zlib counts in 32 bits.
    let most = 1 << 30
    for start in stride(from: 0, through: max(bytes.count - 1, 0), by: most) {
      let piece = start..<min(start + most, bytes.count)
      let flush = piece.upperBound == bytes.count ? Z_FINISH : Z_NO_FLUSH
      bytes[piece].withUnsafeBufferPointer { source in
        stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.avail_in = UInt32(source.count)
        repeat {
          let written = room.withUnsafeMutableBufferPointer { room in
            stream.next_out = room.baseAddress
            stream.avail_out = UInt32(room.count)
            deflate(&stream, flush)
            return room.count - Int(stream.avail_out)
          }
          deflated += room[..<written]
        } while stream.avail_out == 0
      }
    }
    if deflated.count % 2 == 1 { deflated.append(0) }
    return deflated
  }
}

// SPDX-License-Identifier: Apache-2.0

import CZlib
import PixelCodecs

/// Deflated Image Frame Compression (PS3.5 §A.4.13): raw deflate (RFC 1951) of a native frame.
enum DeflatedFrameCodec {
  static func decode(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) {
    var stream = z_stream()
    guard inflateInit2_(&stream, -15, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw .codecFailed(.deflatedFrame, why: "zlib cannot start")
    }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.avail_in = UInt32(clamping: input.count)
    stream.next_out = output.bindMemory(to: UInt8.self).baseAddress
    stream.avail_out = UInt32(clamping: output.count)
    let result = inflate(&stream, Z_FINISH)
    // Z_BUF_ERROR: there is more than a frame; an even length may need a byte of padding.
    guard result == Z_STREAM_END || result == Z_BUF_ERROR || result == Z_OK else {
      throw .malformed(.deflatedFrame, why: "it is no deflate stream")
    }
    guard stream.avail_out == 0 else {
      throw .malformed(.deflatedFrame, why: "\(stream.avail_out) bytes of the frame are missing")
    }
  }

  static func encode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) -> Int {
    var stream = z_stream()
    let size = CInt(MemoryLayout<z_stream>.size)
    guard
      deflateInit2_(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
    else { throw .codecFailed(.deflatedFrame, why: "zlib cannot start") }
    defer { deflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.avail_in = UInt32(clamping: input.count)
    stream.next_out = output.bindMemory(to: UInt8.self).baseAddress
    stream.avail_out = UInt32(clamping: output.count)
    guard deflate(&stream, Z_FINISH) == Z_STREAM_END else {
      throw .cannotEncode(.deflatedFrame, why: "it grows beyond its room")
    }
    return output.count - Int(stream.avail_out)
  }
}

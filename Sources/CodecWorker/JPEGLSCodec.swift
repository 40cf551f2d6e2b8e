// SPDX-License-Identifier: Apache-2.0

import CDCMTK
import PixelCodecs

/// JPEG-LS (ISO/IEC 14495-1) with the CharLS that DCMTK has.
enum JPEGLSCodec {
  static func decode(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) {
    try JPEGMarkers(input, codec: .jpegLS).check(against: layout, codec: .jpegLS)
    var frame = cdcmtk_frame(layout)
    var failure = cdcmtk_failure()
    // The codec writes whole words.
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: output.count + output.count % 2, alignment: 16)
    defer { room.deallocate() }
    room.initializeMemory(as: UInt8.self, repeating: 0)
    let result = cdcmtk_jpeg_ls_decode(
      &frame, input.baseAddress, input.count, room.baseAddress, room.count, &failure)
    guard result == 0 else { throw .codecFailed(.jpegLS, why: failure.reason) }
    output.copyMemory(from: UnsafeRawBufferPointer(rebasing: room[0..<output.count]))
  }

  static func encode(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) -> Int {
    guard layout.bitsAllocated == 8 || layout.bitsAllocated == 16, [1, 3].contains(layout.samplesPerPixel) else {
      throw .cannotEncode(
        .jpegLS, why: "\(layout.samplesPerPixel) samples of \(layout.bitsAllocated) bits; it takes 1 or 3 of 8 or 16")
    }
    var frame = cdcmtk_frame(layout)
    var failure = cdcmtk_failure()
    var written = 0
    let result = cdcmtk_jpeg_ls_encode(
      &frame, input.baseAddress, output.baseAddress, output.count, &written, &failure)
    guard result == 0 else { throw .cannotEncode(.jpegLS, why: failure.reason) }
    return written
  }
}

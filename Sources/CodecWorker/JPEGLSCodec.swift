// SPDX-License-Identifier: Apache-2.0

import CDCMTK
import PixelCodecs

/// JPEG-LS (ISO/IEC 14495-1) with the CharLS that DCMTK has.
enum JPEGLSCodec {
  /// DCMTK's CharLS refuses fewer, which ISO/IEC 14495-1 allows.
  private static let leastPrecision = 6

  static func decode(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) {
    let markers = try JPEGMarkers(input, codec: .jpegLS)
    try markers.check(against: layout, codec: .jpegLS)
    guard markers.precision >= leastPrecision else {
      throw .codecFailed(.jpegLS, why: "samples of \(markers.precision) bits; it takes \(leastPrecision) to 16")
    }
    // The codec asks for bytes where the stream has no more than 8 bits, however many are allocated.
    let width = markers.precision > 8 ? 2 : 1
    var frame = cdcmtk_frame(layout)
    frame.bits_allocated = Int32(8 * width)
    frame.bits_stored = min(frame.bits_stored, frame.bits_allocated)
    var failure = cdcmtk_failure()
    let count = output.count / layout.bytesPerSample * width
    // The codec writes whole words.
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: count + count % 2, alignment: 16)
    defer { room.deallocate() }
    room.initializeMemory(as: UInt8.self, repeating: 0)
    let result = cdcmtk_jpeg_ls_decode(
      &frame, input.baseAddress, input.count, room.baseAddress, room.count, &failure)
    guard result == 0 else { throw .codecFailed(.jpegLS, why: failure.reason) }
    guard width < layout.bytesPerSample else {
      return output.copyMemory(from: UnsafeRawBufferPointer(rebasing: room[0..<count]))
    }
    for index in 0..<count {
      output.storeBytes(of: UInt16(room[index]).littleEndian, toByteOffset: 2 * index, as: UInt16.self)
    }
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

// SPDX-License-Identifier: Apache-2.0

import CDCMTK
import PixelCodecs

/// JPEG (ISO/IEC 10918-1) with the Independent JPEG Group's libraries of 8, 12 and 16 bits that DCMTK has.
enum JPEGCodec {
  /// SOF0, 1, 2 and 3: baseline, extended, progressive and lossless, all Huffman coded.
  private static let processes: ClosedRange<UInt8> = 0xC0...0xC3

  static func decode(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) {
    let markers = try JPEGMarkers(input, codec: .jpeg)
    try markers.check(against: layout, codec: .jpeg)
    guard processes.contains(markers.process) else {
      throw .malformed(.jpeg, why: "process SOF\(markers.process & 0x0F) is not decoded")
    }
    let width = markers.precision > 8 ? 2 : 1
    let count = layout.pixelCount * layout.samplesPerPixel * width
    guard !layout.isPlanar, width == layout.bytesPerSample else {
      let room = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
      defer { room.deallocate() }
      try decode(input, markers, layout, into: room)
      return arrange(UnsafeRawBufferPointer(room), width: width, layout: layout, into: output)
    }
    try decode(input, markers, layout, into: output)
  }

  private static func decode(
    _ input: UnsafeRawBufferPointer, _ markers: JPEGMarkers, _ layout: FrameLayout,
    into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) {
    var failure = cdcmtk_failure()
    let result = cdcmtk_jpeg_decode(
      input.baseAddress, input.count, CInt(markers.precision), layout.isSigned ? 1 : 0,
      layout.photometric == .ybrFull ? 1 : 0, output.baseAddress, output.count, &failure)
    guard result == 0 else { throw .codecFailed(.jpeg, why: failure.reason) }
  }

  /// Samples of `width` bytes, colour by pixel, into the layout's: wider ones, or colour by plane.
  private static func arrange(
    _ samples: UnsafeRawBufferPointer, width: Int, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) {
    let wide = layout.bytesPerSample
    let colours = layout.samplesPerPixel
    output.initializeMemory(as: UInt8.self, repeating: 0)
    for pixel in 0..<layout.pixelCount {
      for colour in 0..<colours {
        let from = (pixel * colours + colour) * width
        let to = (layout.isPlanar ? colour * layout.pixelCount + pixel : pixel * colours + colour) * wide
        for byte in 0..<width { output[to + byte] = samples[from + byte] }
      }
    }
  }

  /// Process 14, selection value 1.
  static func encode(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) -> Int {
    let precision: Int
    switch layout.bitsAllocated {
    case 8: precision = 8
    case 16: precision = input.bindMemory(to: UInt16.self).allSatisfy { UInt16(littleEndian: $0) < 4096 } ? 12 : 16
    default: throw .cannotEncode(.jpeg, why: "JPEG has samples of 8 or 16 bits, not \(layout.bitsAllocated)")
    }
    guard layout.samplesPerPixel == 1 || layout.samplesPerPixel == 3 else {
      throw .cannotEncode(.jpeg, why: "\(layout.samplesPerPixel) samples per pixel")
    }
    return try encode(input, layout, precision: precision, isLossless: true, quality: 100, into: output)
  }

  static func encodePicture(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout, quality: Int, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) -> Int {
    guard layout.bitsAllocated == 8, layout.samplesPerPixel == 1 || layout.samplesPerPixel == 3 else {
      throw .cannotEncode(.jpeg, why: "pictures are grey or RGB, of 8 bits")
    }
    let quality = min(max(quality, 1), 100)
    return try encode(input, layout, precision: 8, isLossless: false, quality: quality, into: output)
  }

  private static func encode(
    _ input: UnsafeRawBufferPointer, _ layout: FrameLayout, precision: Int, isLossless: Bool, quality: Int,
    into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) -> Int {
    var frame = cdcmtk_frame(layout)
    var failure = cdcmtk_failure()
    var written = 0
    let result = cdcmtk_jpeg_encode(
      &frame, CInt(precision), isLossless ? 1 : 0, CInt(quality), input.baseAddress, output.baseAddress, output.count,
      &written, &failure)
    guard result == 0 else { throw .cannotEncode(.jpeg, why: failure.reason) }
    return written
  }
}

extension cdcmtk_frame {
  init(_ layout: FrameLayout) {
    self.init(
      rows: Int32(clamping: layout.rows), columns: Int32(clamping: layout.columns),
      samples_per_pixel: Int32(clamping: layout.samplesPerPixel), bits_allocated: Int32(clamping: layout.bitsAllocated),
      bits_stored: Int32(clamping: layout.bitsStored), is_signed: layout.isSigned ? 1 : 0,
      is_planar: layout.isPlanar ? 1 : 0)
  }
}

extension cdcmtk_failure {
  var reason: String {
    withUnsafeBytes(of: text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// 8 bits a sample, grey or RGB, row by row.
package struct RenderedImage: Sendable, Hashable {
  package let width: Int
  package let height: Int
  /// 1 or 3.
  package let channels: Int
  package let pixels: [UInt8]

  package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// Throws where an image would have more bytes than anything here may.
  static func requireRoom(
    width: Int, height: Int, channels: Int, limit: Int = FrameLayout.byteLimit
  ) throws(PixelError) {
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    let (bytes, overflows) = pixels.multipliedReportingOverflow(by: channels)
    guard !overflow, !overflows, bytes <= limit else {
      throw .frameTooLarge(bytes: overflow || overflows ? .max : bytes, limit: limit)
    }
  }

  /// As a frame, for an encoder.
  package var frame: DecodedFrame {
    get throws(PixelError) {
      let layout = try FrameLayout(
        rows: height, columns: width, samplesPerPixel: channels, bitsAllocated: 8, bitsStored: 8,
        photometric: channels == 3 ? .rgb : .monochrome2)
      return DecodedFrame(layout: layout, bytes: pixels)
    }
  }
}

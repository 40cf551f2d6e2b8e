// SPDX-License-Identifier: Apache-2.0

extension DecodedFrame {
  /// The same samples colour by pixel or colour by plane (PS3.3 §C.7.6.3.1.3).
  package func arranged(isPlanar: Bool) -> DecodedFrame {
    guard layout.isPlanar != isPlanar, layout.samplesPerPixel > 1, layout.bitsAllocated >= 8,
      bytes.count == layout.pixelCount * layout.samplesPerPixel * layout.bytesPerSample
    else { return self }
    let (pixels, colours, width) = (layout.pixelCount, layout.samplesPerPixel, layout.bytesPerSample)
    let arranged = [UInt8](unsafeUninitializedCapacity: bytes.count) { room, filled in
      bytes.withUnsafeBufferPointer { bytes in
        for pixel in 0..<pixels {
          for colour in 0..<colours {
            let byPixel = (pixel * colours + colour) * width
            let byPlane = (colour * pixels + pixel) * width
            for byte in 0..<width {
              if isPlanar {
                room[byPlane + byte] = bytes[byPixel + byte]
              } else {
                room[byPixel + byte] = bytes[byPlane + byte]
              }
            }
          }
        }
      }
      filled = bytes.count
    }
    return DecodedFrame(layout: layout.with(photometric: layout.photometric, isPlanar: isPlanar), bytes: arranged)
  }
}

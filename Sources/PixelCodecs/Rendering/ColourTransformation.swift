// SPDX-License-Identifier: Apache-2.0

/// Three samples a pixel to RGB of 8 bits (PS3.3 §C.7.6.3.1.2).
enum ColourTransformation {
  static func colours(of frame: DecodedFrame, description: PixelDescription) throws(PixelError) -> [UInt8] {
    let layout = frame.layout
    guard layout.samplesPerPixel == 3, layout.bitsAllocated >= 8 else {
      throw .cannotRender(why: "\(layout.samplesPerPixel) samples of \(layout.bitsAllocated) bits")
    }
    guard frame.bytes.count >= layout.byteCount else {
      throw .tooFewBytes(needed: layout.byteCount, there: frame.bytes.count)
    }
    let isSubsampled = layout.bitCount < layout.pixelCount * 3 * layout.bitsAllocated
    switch layout.photometric {
    case .ybrFull422 where isSubsampled, .ybrPartial422 where isSubsampled:
      guard layout.bitsAllocated == 8, layout.columns % 2 == 0 else {
        throw .cannotRender(why: "subsampled chrominance of \(layout.columns) columns, \(layout.bitsAllocated) bits")
      }
      return converted(upsampled(frame), isPartial: layout.photometric == .ybrPartial422)
    case .ybrFull where description.layout.bitsStored > 8, .ybrFull422 where description.layout.bitsStored > 8:
      return wideConverted(frame, description)
    case .ybrFull, .ybrFull422: return converted(bytes(of: frame, description), isPartial: false)
    case .ybrPartial422: return converted(bytes(of: frame, description), isPartial: true)
    case .rgb, .unknown, .ybrRCT, .ybrICT: return bytes(of: frame, description)
    default: throw .cannotRender(why: "photometric interpretation \(layout.photometric.rawValue)")
    }
  }

  /// Colour by pixel, the upper 8 of the stored bits.
  private static func bytes(of frame: DecodedFrame, _ description: PixelDescription) -> [UInt8] {
    let frame = frame.arranged(isPlanar: false)
    let count = frame.layout.pixelCount * 3
    let stored = description.layout.bitsStored
    if frame.layout.bitsAllocated == 8, stored == 8 { return Array(frame.bytes.prefix(count)) }
    let most = Self.most(description)
    return (0..<count).map { index in
      let value = sample(index, of: frame, description)
      return UInt8(truncatingIfNeeded: stored >= 8 ? value >> UInt64(stored - 8) : value * 255 / most)
    }
  }

  private static func most(_ description: PixelDescription) -> UInt64 {
    let stored = description.layout.bitsStored
    return stored == 64 ? UInt64.max : (1 << UInt64(stored)) - 1
  }

  /// Of a frame by pixel.
  private static func sample(_ index: Int, of frame: DecodedFrame, _ description: PixelDescription) -> UInt64 {
    let width = frame.layout.bytesPerSample
    var word: UInt64 = 0
    for byte in 0..<width { word |= UInt64(frame.bytes[index * width + byte]) << UInt64(8 * byte) }
    return word >> UInt64(description.highBit + 1 - description.layout.bitsStored) & most(description)
  }

  /// Converted with all their bits, of which the upper 8 are shown.
  private static func wideConverted(_ frame: DecodedFrame, _ description: PixelDescription) -> [UInt8] {
    let frame = frame.arranged(isPlanar: false)
    let stored = description.layout.bitsStored
    let (largest, middle) = (Double(most(description)), Double(UInt64(1) << UInt64(stored - 1)))
    let step = Double(UInt64(1) << UInt64(stored - 8))
    func shown(_ value: Double) -> UInt8 { UInt8(min(min(max(value.rounded(), 0), largest) / step, 255)) }
    var colours: [UInt8] = []
    colours.reserveCapacity(frame.layout.pixelCount * 3)
    for pixel in 0..<frame.layout.pixelCount {
      let luminance = Double(sample(3 * pixel, of: frame, description))
      let blue = Double(sample(3 * pixel + 1, of: frame, description)) - middle
      let red = Double(sample(3 * pixel + 2, of: frame, description)) - middle
      colours.append(shown(luminance + 1.402 * red))
      colours.append(shown(luminance - 0.344136 * blue - 0.714136 * red))
      colours.append(shown(luminance + 1.772 * blue))
    }
    return colours
  }

  /// Y1 Y2 Cb Cr to a pixel each.
  private static func upsampled(_ frame: DecodedFrame) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(frame.layout.pixelCount * 3)
    for start in stride(from: 0, to: frame.layout.pixelCount * 2 - 3, by: 4) {
      let (cb, cr) = (frame.bytes[start + 2], frame.bytes[start + 3])
      result += [frame.bytes[start], cb, cr, frame.bytes[start + 1], cb, cr]
    }
    return result
  }

  private static func converted(_ samples: [UInt8], isPartial: Bool) -> [UInt8] {
    let table = isPartial ? Coefficients.partial : Coefficients.full
    return [UInt8](unsafeUninitializedCapacity: samples.count) { room, filled in
      samples.withUnsafeBufferPointer { samples in
        for start in stride(from: 0, to: samples.count - 2, by: 3) {
          let luminance = table.luminance[Int(samples[start])]
          let (cb, cr) = (Int(samples[start + 1]), Int(samples[start + 2]))
          room[start] = table.clamped(luminance + table.redOfCr[cr])
          room[start + 1] = table.clamped(luminance + table.greenOfCb[cb] + table.greenOfCr[cr])
          room[start + 2] = table.clamped(luminance + table.blueOfCb[cb])
        }
      }
      filled = samples.count - samples.count % 3
    }
  }

  /// In 65536ths, a half added for rounding.
  private struct Coefficients {
    let luminance: [Int]
    let redOfCr: [Int]
    let greenOfCb: [Int]
    let greenOfCr: [Int]
    let blueOfCb: [Int]

    static let full = Coefficients(scale: 1, offset: 0, 1.402, 0.344136, 0.714136, 1.772)
    static let partial = Coefficients(scale: 1.1644, offset: 16, 1.5960, 0.3917, 0.8130, 2.0173)

    init(scale: Double, offset: Int, _ red: Double, _ greenCb: Double, _ greenCr: Double, _ blue: Double) {
      func table(_ factor: Double) -> [Int] { (0..<256).map { Int((factor * Double($0 - 128) * 65536).rounded()) } }
      luminance = (0..<256).map { Int((scale * Double($0 - offset) * 65536).rounded()) + 32768 }
      // Rounded; a fraction of less than a half, added where DCMTK cuts its tables towards zero, keeps every sample within 1
      // of DCMTK's and within 1 of the exact value.
      redOfCr = table(red).map { $0 < 0 ? $0 + 16384 : $0 }
      greenOfCb = table(-greenCb).map { $0 - 3932 }
      greenOfCr = table(-greenCr)
      blueOfCb = table(blue).map { $0 < 0 ? $0 + 26214 : $0 }
    }

    func clamped(_ value: Int) -> UInt8 { UInt8(clamping: value >> 16) }
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData
import PixelCodecs
import Testing

/// Frames as modalities make them, and worse: smooth, noisy, of all depths.
enum Samples {
  struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
      state = seed
    }

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      return value ^ value >> 31
    }
  }

  /// A gradient with noise in its lower bits; `fillsUnused` puts nonsense above Bits Stored, as overlays do.
  static func frame(_ layout: FrameLayout, fillsUnused: Bool = false, seed: UInt64 = 1) -> DecodedFrame {
    var random = Random(seed: seed)
    guard layout.bitsAllocated >= 8 else {
      var bytes = (0..<layout.byteCount).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      let rest = layout.bitCount % 8
      if rest > 0, let last = bytes.indices.last { bytes[last] &= (1 << UInt8(rest)) - 1 }
      return DecodedFrame(layout: layout, bytes: bytes)
    }
    let count = layout.pixelCount * layout.samplesPerPixel
    var bytes: [UInt8] = []
    let span = layout.bitsStored >= 63 ? UInt64.max >> 1 : (UInt64(1) << UInt64(layout.bitsStored)) - 1
    for index in 0..<count {
      let slope = (UInt64(index) * 7) & span
      var value = Int64(bitPattern: (slope &+ UInt64.random(in: 0...min(span, 15), using: &random)) & span)
      // Signed values are sign extended, as all writers do.
      let space = Int64(64 - layout.bitsStored)
      if layout.isSigned { value = (value << space) >> space }
      if fillsUnused { value |= Int64.random(in: 0...3, using: &random) << Int64(layout.bitsAllocated - 2) }
      for byte in 0..<layout.bytesPerSample { bytes.append(UInt8(truncatingIfNeeded: value >> Int64(8 * byte))) }
    }
    return DecodedFrame(layout: layout, bytes: bytes)
  }

  static func layout(
    _ rows: Int, _ columns: Int, samples: Int = 1, allocated: Int = 16, stored: Int? = nil, isSigned: Bool = false,
    isPlanar: Bool = false, photometric: PhotometricInterpretation? = nil
  ) throws(PixelError) -> FrameLayout {
    try FrameLayout(
      rows: rows, columns: columns, samplesPerPixel: samples, bitsAllocated: allocated, bitsStored: stored ?? allocated,
      isSigned: isSigned, isPlanar: isPlanar, photometric: photometric ?? (samples == 3 ? .rgb : .monochrome2))
  }

  /// The attributes of an image without its pixels.
  static func attributes(of layout: FrameLayout, frames: Int = 1) -> DataSetBuilder {
    var builder = DataSetBuilder()
    builder.set(.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.7")
    builder.set(.sopInstanceUID, .ui, "2.25.17")
    builder.setIntegers(.samplesPerPixel, .us, [layout.samplesPerPixel])
    builder.set(.photometricInterpretation, .cs, layout.photometric.rawValue)
    if layout.samplesPerPixel > 1 { builder.setIntegers(.planarConfiguration, .us, [layout.isPlanar ? 1 : 0]) }
    builder.set(.numberOfFrames, .is, "\(frames)")
    builder.setIntegers(.rows, .us, [layout.rows])
    builder.setIntegers(.columns, .us, [layout.columns])
    builder.setIntegers(.bitsAllocated, .us, [layout.bitsAllocated])
    builder.setIntegers(.bitsStored, .us, [layout.bitsStored])
    builder.setIntegers(.highBit, .us, [layout.bitsStored - 1])
    builder.setIntegers(.pixelRepresentation, .us, [layout.isSigned ? 1 : 0])
    return builder
  }

  static func native(_ frames: [DecodedFrame], syntax: TransferSyntax = .explicitVRLittleEndian) throws -> DataSet {
    let layout = try #require(frames.first).layout
    var builder = attributes(of: layout, frames: frames.count)
    let bytes = DecodedFrame.joined(frames)
    builder.setBytes(.pixelData, layout.bitsAllocated > 8 ? .ow : .ob, bytes)
    return try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax)
  }
}

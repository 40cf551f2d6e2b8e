// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// How the samples of one frame lie in its bytes: little endian, row by row, each in Bits Allocated bits; with 1 bit packed from
/// the lowest bit of each byte on.
package struct FrameLayout: Sendable, Hashable {
  package let rows: Int
  package let columns: Int
  package let samplesPerPixel: Int
  package let bitsAllocated: Int
  package let bitsStored: Int
  package let isSigned: Bool
  /// Colour by plane (Planar Configuration 1), not by pixel.
  package let isPlanar: Bool
  package let photometric: PhotometricInterpretation
  package let bitCount: Int

  /// 16,384 × 16,384 of 16 bits. More is refused, so that a claim cannot fill the machine's memory.
  package static let byteLimit = 1 << 29

  /// All values are judged here, by arithmetic that cannot overflow, before anything looks at a byte of pixels.
  package init(
    rows: Int, columns: Int, samplesPerPixel: Int, bitsAllocated: Int, bitsStored: Int, isSigned: Bool = false,
    isPlanar: Bool = false, photometric: PhotometricInterpretation, isSubsampled: Bool = false
  ) throws(PixelError) {
    for (tag, value, range) in [
      (Tag.rows, rows, 1...65535), (.columns, columns, 1...65535), (.samplesPerPixel, samplesPerPixel, 1...4),
    ] where !range.contains(value) {
      throw .impossible(tag, value: "\(value)", why: "it has to be \(range.lowerBound) to \(range.upperBound)")
    }
    guard bitsAllocated == 1 || [8, 16, 24, 32, 40, 48, 56, 64].contains(bitsAllocated) else {
      throw .impossible(.bitsAllocated, value: "\(bitsAllocated)", why: "it has to be 1 or a multiple of 8 up to 64")
    }
    guard (1...bitsAllocated).contains(bitsStored) else {
      throw .impossible(.bitsStored, value: "\(bitsStored)", why: "Bits Allocated is \(bitsAllocated)")
    }
    self.rows = rows
    self.columns = columns
    self.samplesPerPixel = samplesPerPixel
    self.bitsAllocated = bitsAllocated
    self.bitsStored = bitsStored
    self.isSigned = isSigned
    self.isPlanar = isPlanar && samplesPerPixel > 1
    self.photometric = photometric
    let halves = isSubsampled && samplesPerPixel == 3 ? photometric.halfSamplesPerPixel : nil
    // At most 2^16 · 2^16 · 2^3 · 2^6: 41 bits.
    bitCount = rows * columns * (halves ?? samplesPerPixel * 2) * bitsAllocated / 2
    guard byteCount <= Self.byteLimit else { throw .frameTooLarge(bytes: byteCount, limit: Self.byteLimit) }
  }

  /// Without padding.
  package var byteCount: Int { (bitCount + 7) / 8 }
  package var bytesPerSample: Int { max(bitsAllocated / 8, 1) }
  package var pixelCount: Int { rows * columns }

  package func with(photometric: PhotometricInterpretation, isPlanar: Bool) -> FrameLayout {
    FrameLayout(self, photometric: photometric, isPlanar: isPlanar)
  }

  private init(_ other: FrameLayout, photometric: PhotometricInterpretation, isPlanar: Bool) {
    rows = other.rows
    columns = other.columns
    samplesPerPixel = other.samplesPerPixel
    bitsAllocated = other.bitsAllocated
    bitsStored = other.bitsStored
    isSigned = other.isSigned
    bitCount = other.bitCount
    self.isPlanar = isPlanar && other.samplesPerPixel > 1
    self.photometric = photometric
  }
}

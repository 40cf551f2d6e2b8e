// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Testing

@testable import PixelCodecs

/// Small objects that stand for large pictures: refused before anything is allocated or drawn for them.
struct RenderingLimitTests {
  /// 520 KB of deflated zeros would be such a frame: a picture of 4 GiB, or of 13 GB in colour.
  @Test(arguments: [
    (PhotometricInterpretation.monochrome2, 65535, false), (.paletteColor, 65535, false), (.paletteColor, 16384, false),
    (.monochrome2, 16384, true),
  ])
  func aBitAPixelIsAByteOnThePicture(_ photometric: PhotometricInterpretation, side: Int, isShown: Bool) throws {
    let layout = try FrameLayout(
      rows: side, columns: side, samplesPerPixel: 1, bitsAllocated: 1, bitsStored: 1, photometric: photometric)
    var builder = Samples.attributes(of: layout)
    builder.setEncapsulatedPixelData(frames: [[0, 0]], offsetTable: .none)
    let syntax = try #require(TransferSyntax(uid: "1.2.840.10008.1.2.8.1"))
    let dataSet = try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax)
    let source = try FrameSource(dataSet)
    do throws(PixelError) {
      _ = try Renderer(dataSet, source: source)
      #expect(isShown)
    } catch {
      guard case .frameTooLarge = error else { throw error }
      #expect(!isShown)
    }
  }

  @Test func noPictureIsEnlargedBeyondMeasure() throws {
    let grey = RenderedImage(width: 2, height: 2, channels: 1, pixels: [0, 100, 200, 255])
    #expect(throws: PixelError.self) { try grey.fitted(to: 65535) }
    #expect(throws: PixelError.self) { try grey.resampled(width: .max, height: 2) }
    // What lies between two sizes may not be larger than both: 65535 × 65535 numbers here.
    let tall = RenderedImage(width: 1, height: 65535, channels: 1, pixels: [UInt8](repeating: 7, count: 65535))
    #expect(try tall.resampled(width: 8192, height: 1).pixels == [UInt8](repeating: 7, count: 8192))
  }

  /// Triangles over all of the picture, and polygons of many points.
  @Test func whoDrawsAgainAndAgainIsStopped() throws {
    let image = RenderedImage(width: 100, height: 100, channels: 1, pixels: [UInt8](repeating: 0, count: 10_000))
    let triangle = [(0, 0), (100, 0), (0, 100)].map { GraphicPoint(x: $0.0, y: $0.1) }
    var canvas = Canvas(image, mostWork: 60_000)
    for _ in 0..<10 { try canvas.fill(triangle, 255) }
    #expect(canvas.image.pixels.count { $0 == 255 } > 4_000)
    #expect(throws: PixelError.self) { for _ in 0..<10 { try canvas.fill(triangle, 255) } }

    var lines = Canvas(image, mostWork: 60_000)
    #expect(throws: PixelError.self) {
      for _ in 0..<1_000 { try lines.line(from: GraphicPoint(x: 0, y: 0), to: GraphicPoint(x: 99, y: 99), 255) }
    }
    var edges = Canvas(image, mostWork: 60_000)
    #expect(throws: PixelError.self) {
      try edges.fill((0..<1_000).map { GraphicPoint(x: 1000, y: $0 % 2 == 0 ? 0 : 100) }, 255)
    }
  }

  /// Bit by bit, as §8.1.1 of PS3.5 has it.
  @Test(arguments: [1, 3, 7, 8, 9, 15, 16, 63, 65]) func framesAreJoinedBitByBit(columns: Int) throws {
    var random = SystemRandomNumberGenerator()
    let layout = try FrameLayout(
      rows: 1, columns: columns, samplesPerPixel: 1, bitsAllocated: 1, bitsStored: 1, photometric: .monochrome2)
    var bits: [Bool] = []
    let frames = (0..<9).map { _ in
      let frame = (0..<columns).map { _ in Bool.random(using: &random) }
      bits += frame
      return DecodedFrame(layout: layout, bytes: Self.packed(frame))
    }
    #expect(DecodedFrame.joined(frames) == Self.packed(bits))
  }

  private static func packed(_ bits: [Bool]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
    for (place, isSet) in bits.enumerated() where isSet { bytes[place / 8] |= UInt8(1) << UInt8(place % 8) }
    return bytes
  }
}

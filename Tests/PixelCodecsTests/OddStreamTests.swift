// SPDX-License-Identifier: Apache-2.0

import CodecWorker
import DICOMData
import PixelCodecs
import Testing

/// Streams as the field sends them, and not as they should be: what they hold is decoded, and what they lack is an error.
@Suite(.serialized)
struct OddStreamTests {
  private static let end: [UInt8] = [0xFF, 0xD9]

  private static func encoded(_ frame: DecodedFrame, _ codec: PixelCodec) async throws -> [UInt8] {
    try await UnconfinedCodecs().encode(frame, with: codec)
  }

  private static func decoded(_ bytes: [UInt8], _ codec: PixelCodec, _ layout: FrameLayout) async throws -> DecodedFrame
  {
    try await UnconfinedCodecs().decode(EncodedFrame(codec: codec, layout: layout, bytes: Bytes(bytes)))
  }

  private static func withoutEnd(_ bytes: [UInt8]) -> [UInt8] {
    guard let index = bytes.indices.dropLast().last(where: { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xD9 }) else {
      return bytes
    }
    return Array(bytes[..<index])
  }

  static let codecs: [PixelCodec] = [.jpeg, .jpegLS, .jpeg2000]

  @Test(arguments: codecs, [1, 3])
  func anEndThatIsMissingIsNoLoss(_ codec: PixelCodec, samples: Int) async throws {
    let layout = try Samples.layout(48, 40, samples: samples, allocated: samples == 3 ? 8 : 16)
    let frame = Samples.frame(layout)
    let bytes = Self.withoutEnd(try await Self.encoded(frame, codec))
    for padding in [[], [0], [0, 0, 0, 0]] as [[UInt8]] {
      #expect(try await Self.decoded(bytes + padding, codec, layout) == frame)
    }
    #expect(try await Self.decoded(bytes + Self.end + [0, 0, 0], codec, layout) == frame)
  }

  @Test(arguments: codecs, [2, 10, 100, 1000])
  func aFrameThatIsCutOffIsNoFrame(_ codec: PixelCodec, missing: Int) async throws {
    let layout = try Samples.layout(48, 40)
    let bytes = Self.withoutEnd(try await Self.encoded(Samples.frame(layout), codec))
    let cut = Array(bytes.dropLast(missing))
    await #expect(throws: PixelError.self) { try await Self.decoded(cut, codec, layout) }
  }

  /// The baseline stream has no lossless judge: with and without its end it is the same.
  @Test func aPictureWithoutItsEndIsThatWithIt() async throws {
    let layout = try Samples.layout(48, 40, allocated: 8)
    let image = RenderedImage(width: 40, height: 48, channels: 1, pixels: Samples.frame(layout).bytes)
    let bytes = try await UnconfinedCodecs().jpeg(image)
    let whole = try await Self.decoded(bytes, .jpeg, layout)
    #expect(try await Self.decoded(Self.withoutEnd(bytes), .jpeg, layout) == whole)
    await #expect(throws: PixelError.self) {
      try await Self.decoded(Array(Self.withoutEnd(bytes).dropLast(300)), .jpeg, layout)
    }
  }

  /// 8 bits or fewer in the stream, 16 allocated.
  @Test(arguments: codecs, [8, 7, 6])
  func bytesBecomeWords(_ codec: PixelCodec, stored: Int) async throws {
    let narrow = Samples.frame(try Samples.layout(33, 31, allocated: 8, stored: stored))
    let bytes = try await Self.encoded(narrow, codec)
    let wide = try await Self.decoded(bytes, codec, try Samples.layout(33, 31, allocated: 16, stored: stored))
    #expect(wide.bytes == narrow.bytes.flatMap { [$0, 0] })
  }

  struct Division: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let table: [Int]
    let frames: Int
    /// Those that can be had.
    let there: Int
  }

  /// Of three frames, each in two fragments or in one.
  static let divisions = [
    Division(testDescription: "a table of zeros", table: [0, 0, 0], frames: 3, there: 3),
    Division(testDescription: "a table of two", table: [0, 1], frames: 3, there: 3),
    Division(testDescription: "one frame less than said", table: [], frames: 4, there: 3),
    Division(testDescription: "many frames less than said", table: [], frames: 2_000_000_000, there: 3),
  ]

  @Test(arguments: divisions, [PixelCodec.jpegLS, .jpeg2000, .rle])
  func framesAreFoundWhereTheTableIsWrong(_ division: Division, codec: PixelCodec) async throws {
    let layout = try Samples.layout(48, 40)
    let frames = (1...3).map { Samples.frame(layout, seed: UInt64($0)) }
    var builder = Samples.attributes(of: layout, frames: division.frames)
    var encoded: [[UInt8]] = []
    for frame in frames { encoded.append(try await Self.encoded(frame, codec)) }
    builder.setEncapsulatedPixelData(frames: encoded, offsetTable: .none)
    let uid = codec == .rle ? "1.2.840.10008.1.2.5" : "1.2.840.10008.1.2.4.\(codec == .jpegLS ? 80 : 90)"
    let syntax = try #require(TransferSyntax(uid: uid))
    var bytes = builder.encoded(as: syntax)
    if !division.table.isEmpty {
      // The empty table's item is the first in the pixel data.
      let item: [UInt8] = [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0]
      let place = try #require(bytes.indices.dropLast(8).first { Array(bytes[$0..<$0 + 8]) == item })
      let table = division.table.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
      bytes.replaceSubrange(place + 4..<place + 8, with: [UInt8(table.count), 0, 0, 0] + table)
    }
    let source = try FrameSource(try DataSet(reading: bytes, transferSyntax: syntax))
    for index in 0..<division.there {
      #expect(try await UnconfinedCodecs().decode(try source.frame(index)) == frames[index])
    }
    #expect(throws: PixelError.self) { try source.frame(division.there) }
    if division.frames > division.there {
      await #expect(throws: PixelError.self) { try await UnconfinedCodecs().decodeAll(0..<source.count, of: source) }
    }
  }
}

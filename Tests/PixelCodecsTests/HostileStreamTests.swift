// SPDX-License-Identifier: Apache-2.0

import CodecWorker
import DICOMData
import PixelCodecs
import Testing

/// Streams that break or hang decoders: all are refused before one sees them, or by it.
struct HostileStreamTests {
  private static func failure(_ codec: PixelCodec, _ bytes: [UInt8], _ layout: FrameLayout) -> PixelError? {
    do throws(PixelError) {
      _ = try UnconfinedCodecs().performBlocking(CodecRequest(.decode, codec, layout: layout), on: Bytes(bytes))
      return nil
    } catch {
      return error
    }
  }

  private static let soi: [UInt8] = [0xFF, 0xD8]
  private static let sof: [UInt8] = [0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]
  private static let sos: [UInt8] = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]

  /// A37: a bare FF01 before SOF sends the Independent JPEG Group's library round for ever.
  static let jpeg =
    [
      ("empty", []), ("no SOI", [0, 1, 2, 3]), ("SOI alone", soi), ("FF01 before SOF", soi + [0xFF, 0x01] + sof + sos),
      ("FF00 before SOF", soi + [0xFF, 0x00] + sof + sos), ("a second SOI", soi + soi + sof + sos),
      ("RST before SOS", soi + [0xFF, 0xD0] + sof + sos), ("EOI at once", soi + [0xFF, 0xD9]),
      ("a length of 0", soi + [0xFF, 0xE0, 0, 0] + sof + sos), ("a length of 1", soi + [0xFF, 0xE0, 0, 1] + sof + sos),
      ("a length behind the end", soi + [0xFF, 0xE0, 0xFF, 0xFF] + sof + sos), ("no SOF", soi + sos),
      ("two SOF", soi + sof + sof + sos), ("SOF cut off", soi + [0xFF, 0xC0, 0, 4, 8, 0]),
      ("other rows", soi + [0xFF, 0xC0, 0, 11, 8, 0, 9, 0, 8, 1, 1, 0x11, 0] + sos),
      ("no rows", soi + [0xFF, 0xC0, 0, 11, 8, 0, 0, 0, 8, 1, 1, 0x11, 0] + sos),
      ("65535 rows", soi + [0xFF, 0xC0, 0, 11, 8, 0xFF, 0xFF, 0, 8, 1, 1, 0x11, 0] + sos),
      ("precision 16", soi + [0xFF, 0xC3, 0, 11, 16, 0, 8, 0, 8, 1, 1, 0x11, 0] + sos),
      ("arithmetic coding", soi + [0xFF, 0xC9, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0] + sos),
      ("JPEG-LS", soi + [0xFF, 0xF7, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0] + sos), ("no tables", soi + sof + sos),
      ("fill bytes and nothing", soi + [UInt8](repeating: 0xFF, count: 4096)),
    ] as [(String, [UInt8])]

  @Test(arguments: jpeg, [PixelCodec.jpeg, .jpegLS])
  func jpegIsWalkedBeforeItIsDecoded(_ stream: (String, [UInt8]), codec: PixelCodec) throws {
    let layout = try Samples.layout(8, 8, allocated: 8)
    #expect(Self.failure(codec, stream.1, layout) != nil, "\(stream.0)")
  }

  private static func rle(_ words: [UInt32], _ segments: [UInt8]) -> [UInt8] {
    let header = words + [UInt32](repeating: 0, count: 16 - words.count)
    return header.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } } + segments
  }

  /// Two segments of 8 bytes are right for 8 samples of 16 bits.
  static let rleStreams =
    [
      ("right", rle([2, 64, 66], [0xF9, 1, 0xF9, 2]), true), ("cut header", [2, 0, 0, 0], false),
      ("no segments", rle([0], [0xF9, 1]), false), ("one segment", rle([1, 64], [0xF9, 1]), false),
      ("16 segments", rle([16, 64], [0xF9, 1]), false), ("4 G segments", rle([.max, 64], [0xF9, 1]), false),
      ("an offset into the header", rle([2, 4, 66], [0xF9, 1, 0xF9, 2]), false),
      ("an offset behind the end", rle([2, 64, 4096], [0xF9, 1, 0xF9, 2]), false),
      ("offsets that go back", rle([2, 66, 64], [0xF9, 1, 0xF9, 2]), false),
      ("a run too short", rle([2, 64, 66], [0xFA, 1, 0xF9, 2]), false),
      ("a literal cut off", rle([2, 64, 66], [0xF9, 1, 7, 1]), false),
      ("a run without its byte", rle([2, 64, 66], [0xF9, 1, 0xF9]), false),
      ("no-ops alone", rle([2, 64, 66], [0x80, 0x80, 0x80, 0x80]), false),
      ("a run that is too long", rle([2, 64, 66], [0x81, 1, 0xF9, 2]), true),
    ] as [(String, [UInt8], Bool)]

  @Test(arguments: rleStreams)
  func rleNeverLeavesItsSegments(_ name: String, stream: [UInt8], isRight: Bool) throws {
    let layout = try Samples.layout(2, 4, allocated: 16)
    #expect((Self.failure(.rle, stream, layout) == nil) == isRight, "\(name)")
  }

  @Test func jpeg2000SizesAreThoseOfTheDataSet() async throws {
    let layout = try Samples.layout(8, 8, allocated: 8)
    let stream = try await UnconfinedCodecs().encode(Samples.frame(layout), with: .jpeg2000)
    #expect(Self.failure(.jpeg2000, stream, layout) == nil)
    for (offset, name) in [
      (8, "width"), (12, "height"), (16, "left"), (40, "components"), (42, "depth"),
    ] {
      var broken = stream
      broken[offset] = 0x7F
      #expect(Self.failure(.jpeg2000, broken, layout) != nil, "\(name)")
    }
    // Inside a JP2 file's boxes.
    let boxed: [UInt8] = [
      0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20, 0x0D, 0x0A, 0x87, 0x0A, 0, 0, 0, 0, 0x6A, 0x70, 0x32, 0x63,
    ]
    #expect(Self.failure(.jpeg2000, boxed + stream, layout) == nil)
    for length in [0, 11, 12, 16, 20, 24] {
      #expect(Self.failure(.jpeg2000, Array((boxed + stream).prefix(length)), layout) != nil)
    }
  }

  /// Truncated anywhere, each is an error or a frame, never more.
  @Test(arguments: RoundTripTests.codecs)
  func truncationIsAnErrorOrAFrame(_ codec: PixelCodec) async throws {
    let layout = try Samples.layout(16, 16, stored: 12)
    let stream = try await UnconfinedCodecs().encode(Samples.frame(layout), with: codec)
    var refused = 0
    for length in stride(from: 0, to: stream.count - 8, by: 3) {
      if Self.failure(codec, Array(stream.prefix(length)), layout) != nil { refused += 1 }
    }
    #expect(refused > 20)
  }

  /// A bomb is measured against the frame that the data set says.
  @Test func deflatedBombsEndWithTheFrame() async throws {
    let large = try Samples.layout(1000, 1000, allocated: 8)
    let zeros = DecodedFrame(layout: large, bytes: [UInt8](repeating: 0, count: large.byteCount))
    let bomb = try await UnconfinedCodecs().encode(zeros, with: .deflatedFrame)
    let small = try Samples.layout(4, 4, allocated: 8)
    let decoded = try await UnconfinedCodecs().decode(
      EncodedFrame(codec: .deflatedFrame, layout: small, bytes: Bytes(bomb)))
    #expect(decoded.bytes.count == 16)
  }
}

// SPDX-License-Identifier: Apache-2.0

import CodecWorker
import DICOMData
import PixelCodecs
import Testing

/// Frames cut out of native and encapsulated pixel data.
struct FrameSourceTests {
  @Test(
    arguments: [1, 8, 16, 32, 64],
    [TransferSyntax.explicitVRLittleEndian, .explicitVRBigEndian, .implicitVRLittleEndian])
  func nativeFramesAreThoseThatWentIn(_ allocated: Int, syntax: TransferSyntax) async throws {
    let layout = try Samples.layout(5, 7, allocated: allocated)
    let frames = (1...5).map { Samples.frame(layout, seed: $0) }
    let source = try FrameSource(try Samples.native(frames, syntax: syntax))
    #expect(try await UnconfinedCodecs().decodeAll(0..<5, of: source) == frames)
  }

  /// A38: so many frames need 1 TiB, and one is there.
  @Test func framesThatAreOnlyClaimedTakeNoRoom() async throws {
    let frame = Samples.frame(try Samples.layout(16, 16))
    var builder = Samples.attributes(of: frame.layout, frames: Int(Int32.max))
    builder.setBytes(.pixelData, .ow, frame.bytes)
    let syntax = TransferSyntax.explicitVRLittleEndian
    let source = try FrameSource(try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax))
    await #expect(throws: PixelError.self) { try await UnconfinedCodecs().decodeAll(0..<source.count, of: source) }
  }

  @Test func planesStayPlanes() async throws {
    let layout = try Samples.layout(4, 6, samples: 3, allocated: 8, isPlanar: true)
    let frame = Samples.frame(layout)
    let source = try FrameSource(try Samples.native([frame]))
    let decoded = try await UnconfinedCodecs().decode(try source.frame(0))
    #expect(decoded == frame)
    let byPixel = decoded.arranged(isPlanar: false)
    #expect(byPixel.bytes[1] == frame.bytes[24] && byPixel.bytes[3] == frame.bytes[1])
    #expect(byPixel.arranged(isPlanar: true) == frame)
  }

  @Test func floatsAreThoseThatWentIn() async throws {
    var builder = Samples.attributes(of: try Samples.layout(2, 2, allocated: 32))
    builder.setBytes(.floatPixelData, .of, (0..<16).map { UInt8($0) })
    for syntax in [TransferSyntax.explicitVRLittleEndian, .explicitVRBigEndian] {
      let source = try FrameSource(try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax))
      #expect(source.description.samples == .floats)
      #expect(Array(try source.frame(0).bytes) == (0..<16).map { UInt8($0) })
    }
  }

  /// Fragments, and which of them are which of 3 frames.
  private static let jpegStart: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0]
  private static let jpegEnd: [UInt8] = [1, 2, 0xFF, 0xD9]
  static let divisions =
    [
      ("one each", [jpegStart, jpegStart, jpegStart], [0..<1, 1..<2, 2..<3]),
      ("by where they begin", [jpegStart, [1, 2], jpegStart, jpegStart, [3, 4]], [0..<2, 2..<3, 3..<5]),
      ("by where they end", [[1, 2], jpegEnd, jpegEnd, [3, 4], jpegEnd + [0, 0]], [0..<2, 2..<3, 3..<5]),
      ("not to be told", [[1, 2], [3, 4], [5, 6], [7, 8]], nil), ("too few", [jpegStart, jpegStart], [0..<1, 1..<2]),
    ] as [(String, [[UInt8]], [Range<Int>]?)]

  @Test(arguments: divisions)
  func fragmentsAreFoundWithoutATable(_ name: String, fragments: [[UInt8]], expected: [Range<Int>]?) throws {
    let layout = try Samples.layout(2, 2, allocated: 8)
    var builder = Samples.attributes(of: layout, frames: 3)
    builder.setEncapsulatedPixelData(frames: fragments, offsetTable: .none)
    let syntax = try #require(TransferSyntax(uid: "1.2.840.10008.1.2.4.50"))
    let dataSet = try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax)
    guard let expected else {
      #expect(throws: PixelError.self) { try FrameSource(dataSet) }
      return
    }
    let source = try FrameSource(dataSet)
    for (index, range) in expected.enumerated() {
      #expect(Array(try source.frame(index).bytes) == Array(fragments[range].joined()), "\(name)")
    }
    #expect(throws: PixelError.self) { try source.frame(expected.count) }
  }

  @Test(arguments: [EncapsulatedPixelData.OffsetTable.none, .basic, .extended])
  func tablesTellFrames(_ table: EncapsulatedPixelData.OffsetTable) async throws {
    let layout = try Samples.layout(16, 16, stored: 12)
    let frames = (1...4).map { Samples.frame(layout, seed: $0) }
    var encoded: [[UInt8]] = []
    for frame in frames { encoded.append(try await UnconfinedCodecs().encode(frame, with: .jpegLS)) }
    var builder = Samples.attributes(of: layout, frames: 4)
    builder.setEncapsulatedPixelData(frames: encoded, offsetTable: table)
    let syntax = try #require(TransferSyntax(uid: "1.2.840.10008.1.2.4.80"))
    let source = try FrameSource(try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax))
    #expect(try await UnconfinedCodecs().decodeAll(0..<4, of: source) == frames)
  }
}

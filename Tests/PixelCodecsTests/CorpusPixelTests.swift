// SPDX-License-Identifier: Apache-2.0

import CodecWorker
import DICOMData
import PixelCodecs
import Testing

/// Every file of the corpus that has pixels against what DCMTK, gdcm, Pillow and pylibjpeg decode.
@Suite(.serialized, .enabled(if: PixelOracle.isThere, "the corpus is not beside the package"))
struct CorpusPixelTests {
  /// Bytes in big endian OW words: the oracle hashes them as they stand in the file, for all wider samples with the words in
  /// little endian. SC_rgb_small_odd_big_endian.dcm is to be what SC_rgb_small_odd.dcm is.
  private static let swapped = ["b316df65": "ef2df252ba3cd066405c4dd121d0efea1341083ae2f676e1f4c844b5a4838cb8"]

  @Test(arguments: PixelOracle.files)
  func decodesToWhatOthersDecode(_ file: PixelOracle.File) async throws {
    let result = await Self.decoded(file)
    switch (result, file.status) {
    case (.success(let frames), "native") where file.expected.frames != nil:
      let expected = Self.swapped[String(file.id.prefix(8))].map { [$0] } ?? file.expected.frames
      #expect(frames.map { PixelOracle.sha256($0.bytes) } == expected)
    case (.success(let frames), "native"):
      // Frames that do not end with a byte: the whole value is what the oracle knows.
      #expect(PixelOracle.sha256(DecodedFrame.joined(frames)) == file.expected.allSha256)
    case (.success(let frames), "lossless"), (.success(let frames), "lossy"):
      #expect(file.expected.wholes.contains(PixelOracle.sha256(frames.flatMap(\.bytes))))
      #expect(frames.count == file.expected.nframes)
    case (.success, _):
      Issue.record("no other decoder makes anything of it")
    case (.failure(let error), "undecodable"):
      #expect(!error.description.isEmpty)
    case (.failure(let error), _):
      // Where the oracle knows no frames either, there is nothing to be cut out.
      #expect(file.status == "native" && file.expected.frames == nil, "\(error)")
    }
  }

  static func decoded(_ file: PixelOracle.File) async -> Result<[DecodedFrame], PixelError> {
    guard let part10 = try? Part10File(path: file.path) else { return .failure(.noPixelData) }
    do throws(PixelError) {
      let source = try FrameSource(part10)
      var frames: [DecodedFrame] = []
      for index in 0..<source.count { frames.append(try await UnconfinedCodecs().decode(try source.frame(index))) }
      return .success(frames)
    } catch {
      return .failure(error)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import CodecWorker
import DICOMData
import PixelCodecs
import Testing

/// Every file of the corpus that has pixels against what DCMTK, gdcm, Pillow and pylibjpeg decode.
@Suite(.enabled(if: PixelOracle.isThere, "the corpus is not beside the package"))
struct CorpusPixelTests {
  @Test(arguments: PixelOracle.files)
  func decodesToWhatOthersDecode(_ file: PixelOracle.File) async throws {
    let result = await Self.decoded(file)
    switch (result, file.status) {
    case (.success(let frames), "native") where file.expected.frames != nil:
      #expect(frames.map { PixelOracle.sha256($0.bytes) } == file.expected.frames)
    case (.success(let frames), "native"):
      // Frames that do not end with a byte: the whole value is what the oracle knows.
      #expect(PixelOracle.sha256(DecodedFrame.joined(frames)) == file.expected.all_sha256)
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
      let source = try FrameSource(part10.dataSet)
      var frames: [DecodedFrame] = []
      for index in 0..<source.count { frames.append(try await UnconfinedCodecs().decode(try source.frame(index))) }
      return .success(frames)
    } catch {
      return .failure(error)
    }
  }
}

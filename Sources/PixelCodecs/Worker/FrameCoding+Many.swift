// SPDX-License-Identifier: Apache-2.0

import DICOMData

extension FrameCoding {
  /// Frames that go to a worker together: more of them save nothing more.
  private static var batch: Int { 8 }

  /// Many frames of an object, in their order; as many at once as codecs have room for. Throws what the first that cannot be
  /// had throws.
  package func decodeAll(
    _ indices: Range<Int>, of source: FrameSource, atOnce: Int = 32
  ) async throws(PixelError) -> [DecodedFrame] {
    // Room is made for frames that are there: how many there are is only what the object says.
    var frames: [DecodedFrame] = []
    for start in stride(from: indices.lowerBound, to: indices.upperBound, by: max(atOnce, 1)) {
      let part = start..<min(start + max(atOnce, 1), indices.upperBound)
      // Small objects too keep several workers busy.
      let size = min(Self.batch, max(part.count / 4, 1))
      let starts = Array(stride(from: part.lowerBound, to: part.upperBound, by: size))
      let results = await withTaskGroup(of: (Int, Result<[DecodedFrame], PixelError>).self) { group in
        for first in starts {
          group.addTask { (first, await outcome(of: first..<min(first + size, part.upperBound), in: source)) }
        }
        return await group.reduce(into: [Int: Result<[DecodedFrame], PixelError>]()) { $0[$1.0] = $1.1 }
      }
      for first in starts {
        guard let result = results[first] else { throw .noSuchFrame(number: first + 1, count: source.count) }
        frames += try result.get()
      }
    }
    return frames
  }

  /// Without loss, in their order. Throws what the first that cannot be encoded throws.
  package func encodeAll(_ frames: [DecodedFrame], with codec: PixelCodec) async throws(PixelError) -> [[UInt8]] {
    let size = min(Self.batch, max(frames.count / 4, 1))
    let starts = Array(stride(from: 0, to: frames.count, by: size))
    let results = await withTaskGroup(of: (Int, [Result<[UInt8], PixelError>]).self) { group in
      for first in starts {
        let jobs = frames[first..<min(first + size, frames.count)].map { frame in
          CodecJob(CodecRequest(.encode, codec, layout: frame.layout), on: Bytes(frame.bytes))
        }
        group.addTask { (first, await perform(jobs)) }
      }
      return await group.reduce(into: [Int: [Result<[UInt8], PixelError>]]()) { $0[$1.0] = $1.1 }
    }
    var encoded: [[UInt8]] = []
    for first in starts {
      for result in results[first] ?? [] {
        let bytes = try result.get()
        guard !bytes.isEmpty else { throw .codecFailed(codec, why: "nothing came back") }
        encoded.append(bytes)
      }
    }
    guard encoded.count == frames.count else { throw .codecFailed(codec, why: "nothing came back") }
    return encoded
  }

  private func outcome(of indices: Range<Int>, in source: FrameSource) async -> Result<[DecodedFrame], PixelError> {
    do throws(PixelError) {
      var encoded: [EncodedFrame] = []
      for index in indices { encoded.append(try source.frame(index)) }
      var frames: [DecodedFrame] = []
      for result in await decode(encoded) { frames.append(try result.get()) }
      return .success(frames)
    } catch {
      return .failure(error)
    }
  }
}

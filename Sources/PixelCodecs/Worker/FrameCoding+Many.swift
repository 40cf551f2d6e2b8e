// SPDX-License-Identifier: Apache-2.0

extension FrameCoding {
  /// Many frames of an object, in their order; as many at once as codecs have room for.
  package func decodeAll(
    _ indices: Range<Int>, of source: FrameSource, atOnce: Int = 8
  ) async throws(PixelError) -> [DecodedFrame] {
    // Room is made for frames that are there: how many there are is only what the object says.
    var frames: [DecodedFrame] = []
    for start in stride(from: indices.lowerBound, to: indices.upperBound, by: atOnce) {
      let part = start..<min(start + atOnce, indices.upperBound)
      let results = await withTaskGroup(of: (Int, Result<DecodedFrame, PixelError>).self) { group in
        for index in part { group.addTask { (index, await outcome(of: index, in: source)) } }
        return await group.reduce(into: [Int: Result<DecodedFrame, PixelError>]()) { $0[$1.0] = $1.1 }
      }
      for index in part {
        guard let result = results[index] else { throw .noSuchFrame(number: index + 1, count: source.count) }
        frames.append(try result.get())
      }
    }
    return frames
  }

  private func outcome(of index: Int, in source: FrameSource) async -> Result<DecodedFrame, PixelError> {
    do throws(PixelError) {
      return .success(try await decode(try source.frame(index)))
    } catch {
      return .failure(error)
    }
  }
}

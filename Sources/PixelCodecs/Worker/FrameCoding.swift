// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// Whoever turns frames from one form into another: a pool of workers, or this process itself.
package protocol FrameCoding: Sendable {
  /// Each frame of several has an end of its own, in their order. Those that are asked for together are worked on without a
  /// pause, one after the other.
  func perform(_ jobs: [CodecJob]) async -> [Result<[UInt8], PixelError>]
}

extension FrameCoding {
  package func perform(_ request: CodecRequest, on input: Bytes) async throws(PixelError) -> [UInt8] {
    guard let result = await perform([CodecJob(request, on: input)]).first else {
      throw .codecFailed(request.codec, why: "nothing came back")
    }
    return try result.get()
  }

  /// The samples of a frame; of a native one without any codec.
  package func decode(_ frame: EncodedFrame) async throws(PixelError) -> DecodedFrame {
    guard frame.needsCodec else { return try frame.samplesThatStandThere() }
    let bytes = try await perform(frame.decoding.request, on: frame.bytes)
    return try frame.decoded(bytes)
  }

  /// Frames of one layout and codec, in their order, without a pause between them.
  package func decode(_ frames: [EncodedFrame]) async -> [Result<DecodedFrame, PixelError>] {
    guard frames.contains(where: \.needsCodec) else {
      return frames.map { frame in
        Result { () throws(PixelError) in try frame.samplesThatStandThere() }
      }
    }
    let results = await perform(frames.map(\.decoding))
    return zip(frames, results).map { frame, result in
      Result { () throws(PixelError) in try frame.decoded(try result.get()) }
    }
  }

  /// Without loss. The layout's photometric interpretation says what the samples mean, not what the stream will call it.
  package func encode(_ frame: DecodedFrame, with codec: PixelCodec) async throws(PixelError) -> [UInt8] {
    let encoded = try await perform(CodecRequest(.encode, codec, layout: frame.layout), on: Bytes(frame.bytes))
    guard !encoded.isEmpty else { throw .codecFailed(codec, why: "nothing came back") }
    return encoded
  }

  /// As JPEG Baseline, for people; `quality` 1 to 100.
  package func jpeg(_ image: RenderedImage, quality: Int = 90) async throws(PixelError) -> [UInt8] {
    let frame = try image.frame
    return try await perform(
      CodecRequest(.picture, .jpeg, layout: frame.layout, quality: quality), on: Bytes(frame.bytes))
  }
}

extension EncodedFrame {
  fileprivate var needsCodec: Bool { codec != .native && codec != .encapsulatedUncompressed }
  fileprivate var decoding: CodecJob { CodecJob(CodecRequest(.decode, codec, layout: layout), on: bytes) }

  fileprivate func samplesThatStandThere() throws(PixelError) -> DecodedFrame {
    let count = layout.byteCount
    guard bytes.count >= count else { throw .tooFewBytes(needed: count, there: bytes.count) }
    return DecodedFrame(layout: layout, bytes: Array(bytes.part(0..<count)))
  }

  fileprivate func decoded(_ samples: [UInt8]) throws(PixelError) -> DecodedFrame {
    guard samples.count == layout.byteCount else {
      throw .codecFailed(codec, why: "\(samples.count) bytes came back, not \(layout.byteCount)")
    }
    return DecodedFrame(layout: layout, bytes: samples)
  }
}

// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// What a codec is asked for: one frame from one form into another.
package struct CodecRequest: Sendable, Hashable {
  package enum Operation: UInt32, Sendable {
    case decode = 1
    /// Without loss, for storage.
    case encode
    /// JPEG Baseline of an 8 bit grey or RGB frame, to be looked at.
    case picture
  }

  package let operation: Operation
  package let codec: PixelCodec
  /// Of the decoded side.
  package let layout: FrameLayout
  /// Of a picture, 1 to 100.
  package let quality: Int

  package init(_ operation: Operation, _ codec: PixelCodec, layout: FrameLayout, quality: Int = 90) {
    self.operation = operation
    self.codec = codec
    self.layout = layout
    self.quality = quality
  }

  /// The most that can come back. What is coded may be longer than what was not: RLE by 1 in 128, the others by markers.
  package var outputLimit: Int {
    operation == .decode ? layout.byteCount : layout.byteCount + layout.byteCount / 4 + (64 << 10)
  }
}

/// A frame and what is to become of it.
package struct CodecJob: Sendable {
  package let request: CodecRequest
  package let input: Bytes

  package init(_ request: CodecRequest, on input: Bytes) {
    self.request = request
    self.input = input
  }

  /// Whether it has room in a lane of the arena.
  var fits: Bool {
    input.count <= CodecArena.outputOffset && request.outputLimit <= CodecArena.laneSize - CodecArena.outputOffset
  }

  var tooLarge: PixelError {
    .frameTooLarge(bytes: max(input.count, request.outputLimit), limit: FrameLayout.byteLimit)
  }
}

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

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

/// Whoever turns frames from one form into another: a pool of workers, or this process itself.
package protocol FrameCoding: Sendable {
  func perform(_ request: CodecRequest, on input: Bytes) async throws(PixelError) -> [UInt8]
}

extension FrameCoding {
  /// The samples of a frame; of a native one without any codec.
  package func decode(_ frame: EncodedFrame) async throws(PixelError) -> DecodedFrame {
    guard frame.codec != .native, frame.codec != .encapsulatedUncompressed else {
      let count = frame.layout.byteCount
      guard frame.bytes.count >= count else { throw .tooFewBytes(needed: count, there: frame.bytes.count) }
      return DecodedFrame(layout: frame.layout, bytes: Array(frame.bytes.part(0..<count)))
    }
    let request = CodecRequest(.decode, frame.codec, layout: frame.layout)
    let bytes = try await perform(request, on: frame.bytes)
    guard bytes.count == frame.layout.byteCount else {
      throw .codecFailed(frame.codec, why: "\(bytes.count) bytes came back, not \(frame.layout.byteCount)")
    }
    return DecodedFrame(layout: frame.layout, bytes: bytes)
  }

  /// Without loss. The layout's photometric interpretation says what the samples mean, not what the stream will call it.
  package func encode(_ frame: DecodedFrame, with codec: PixelCodec) async throws(PixelError) -> [UInt8] {
    let encoded = try await perform(CodecRequest(.encode, codec, layout: frame.layout), on: Bytes(frame.bytes))
    guard !encoded.isEmpty else { throw .codecFailed(codec, why: "nothing came back") }
    return encoded
  }
}

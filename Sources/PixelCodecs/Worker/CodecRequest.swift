// SPDX-License-Identifier: Apache-2.0

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

// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// The samples of one frame, as its layout says.
package struct DecodedFrame: Sendable, Hashable {
  package let layout: FrameLayout
  package let bytes: [UInt8]

  package init(layout: FrameLayout, bytes: [UInt8]) {
    self.layout = layout
    self.bytes = bytes
  }
}

/// The bytes of one frame, as they stand in the object.
package struct EncodedFrame: Sendable {
  package let codec: PixelCodec
  /// Of the frame once it is decoded.
  package let layout: FrameLayout
  package let bytes: Bytes

  package init(codec: PixelCodec, layout: FrameLayout, bytes: Bytes) {
    self.codec = codec
    self.layout = layout
    self.bytes = bytes
  }
}

extension DecodedFrame {
  /// Frames as the value of Pixel Data, one behind the other without a gap, not even to the next byte (PS3.5 §8.1.1), and of
  /// even length only where they are.
  package static func joined(_ frames: [DecodedFrame]) -> [UInt8] {
    var joining = FrameJoining()
    return frames.flatMap { joining.add($0) } + joining.rest
  }
}

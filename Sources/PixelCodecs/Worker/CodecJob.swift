// SPDX-License-Identifier: Apache-2.0

package import DICOMData

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

  /// What it takes at most, here and in the worker: what goes in and comes out, in the arena and beside it, and what the codec
  /// itself needs. OpenJPEG has two numbers of 32 bits for a sample, the others have the frame once more.
  var memory: Int {
    let layout = request.layout
    let samples = layout.pixelCount * layout.samplesPerPixel
    return 2 * (input.count + request.outputLimit) + (request.codec == .jpeg2000 ? 8 * samples : layout.byteCount)
  }

  var tooLarge: PixelError {
    .frameTooLarge(bytes: max(input.count, request.outputLimit), limit: FrameLayout.byteLimit)
  }
}

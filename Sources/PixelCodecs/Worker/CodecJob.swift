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

  var tooLarge: PixelError {
    .frameTooLarge(bytes: max(input.count, request.outputLimit), limit: FrameLayout.byteLimit)
  }
}

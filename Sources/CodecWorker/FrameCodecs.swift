// SPDX-License-Identifier: Apache-2.0

import CDCMTK
package import DICOMData
package import PixelCodecs

/// One frame from one form into another, in this process: what a worker does behind its walls.
package enum FrameCodecs {
  /// Once, before anything else.
  package static func start() {
    cdcmtk_start()
  }

  /// Returns how many bytes of `output` were written; it holds at least what the request's limit says.
  package static func perform(
    _ request: CodecRequest, input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) -> Int {
    guard output.count >= request.outputLimit else {
      throw .codecFailed(request.codec, why: "there is not room enough")
    }
    let output = UnsafeMutableRawBufferPointer(rebasing: output[0..<request.outputLimit])
    switch request.operation {
    case .decode:
      try decode(request, input, output)
      return request.layout.byteCount
    case .encode, .picture:
      guard input.count == request.layout.byteCount else {
        throw .cannotEncode(request.codec, why: "\(input.count) bytes are no frame of \(request.layout.byteCount)")
      }
      return try encode(request, input, output)
    }
  }

  private static func decode(
    _ request: CodecRequest, _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) {
    guard !input.isEmpty else { throw .malformed(request.codec, why: "the frame is empty") }
    switch request.codec {
    case .rle: try RLECodec.decode(input, layout: request.layout, into: output)
    case .jpeg, .jpegLS, .jpeg2000:
      try StreamEnd.decode(input, codec: request.codec, into: output) { input, output throws(PixelError) in
        switch request.codec {
        case .jpegLS: try JPEGLSCodec.decode(input, layout: request.layout, into: output)
        case .jpeg2000: try JPEG2000Codec.decode(input, layout: request.layout, into: output)
        default: try JPEGCodec.decode(input, layout: request.layout, into: output)
        }
      }
    case .deflatedFrame: try DeflatedFrameCodec.decode(input, layout: request.layout, into: output)
    case .native, .encapsulatedUncompressed: throw .codecFailed(request.codec, why: "there is nothing to decode")
    }
  }

  private static func encode(
    _ request: CodecRequest, _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) -> Int {
    let layout = request.layout
    guard !layout.isPlanar || request.codec == .rle || request.codec == .deflatedFrame else {
      throw .cannotEncode(request.codec, why: "colour by plane has to be made colour by pixel first")
    }
    switch (request.operation, request.codec) {
    case (.picture, .jpeg):
      return try JPEGCodec.encodePicture(input, layout: layout, quality: request.quality, into: output)
    case (.picture, _): throw .cannotEncode(request.codec, why: "pictures are JPEG")
    case (_, .rle): return try RLECodec.encode(input, layout: layout, into: output)
    case (_, .jpeg): return try JPEGCodec.encode(input, layout: layout, into: output)
    case (_, .jpegLS): return try JPEGLSCodec.encode(input, layout: layout, into: output)
    case (_, .jpeg2000): return try JPEG2000Codec.encode(input, layout: layout, into: output)
    case (_, .deflatedFrame): return try DeflatedFrameCodec.encode(input, into: output)
    case (_, .native), (_, .encapsulatedUncompressed):
      throw .cannotEncode(request.codec, why: "there is nothing to encode")
    }
  }
}

/// The codecs without walls, for benchmarks and for finding out what a decoder does; never beside a network,
/// for they work on the thread that calls.
package struct UnconfinedCodecs: FrameCoding {
  package init() {
    FrameCodecs.start()
  }

  package func perform(_ jobs: [CodecJob]) async -> [Result<[UInt8], PixelError>] {
    jobs.map { job in Result { () throws(PixelError) in try performBlocking(job.request, on: job.input) } }
  }

  package func performBlocking(_ request: CodecRequest, on input: Bytes) throws(PixelError) -> [UInt8] {
    var failure: PixelError?
    let output = [UInt8](unsafeUninitializedCapacity: request.outputLimit) { room, filled in
      let output = UnsafeMutableRawBufferPointer(room)
      do throws(PixelError) {
        filled = try input.withSpan { span throws(PixelError) in
          try span.withUnsafeBytes { bytes throws(PixelError) in
            try FrameCodecs.perform(request, input: bytes, output: output)
          }
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return output
  }
}

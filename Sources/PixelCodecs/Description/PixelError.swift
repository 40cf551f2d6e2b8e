// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// Why a frame cannot be had: what, which codec, why. The object itself stays stored and can be retrieved as it came.
package enum PixelError: Error, Sendable, Hashable {
  case noPixelData
  case missing(Tag)
  /// A value that no image has, or that another contradicts.
  case impossible(Tag, value: String, why: String)
  case frameTooLarge(bytes: Int, limit: Int)
  /// All frames together, where they are held at once.
  case objectTooLarge(bytes: Int, limit: Int)
  case tooFewBytes(needed: Int, there: Int)
  case noSuchFrame(number: Int, count: Int)
  case frameBoundariesUnknown(frames: Int, fragments: Int)
  /// Nothing here decodes or encodes it.
  case unsupported(TransferSyntax, why: String)
  /// The compressed stream is broken, or says other than the data set.
  case malformed(PixelCodec, why: String)
  case codecFailed(PixelCodec, why: String)
  case cannotEncode(PixelCodec, why: String)
  case cannotRender(why: String)
  case workerEnded(PixelCodec, why: String)
  case deadlineExceeded(PixelCodec, milliseconds: Int)
  /// It ended a worker before and is not tried again.
  case poisoned(PixelCodec)
  case workerUnavailable(why: String)
  case tooManyWaiting(limit: Int)
}

extension PixelError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noPixelData: "the object has no pixel data"
    case .missing(let tag): "\(Self.name(tag)) is missing"
    case .impossible(let tag, let value, let why): "\(Self.name(tag)) is \(value): \(why)"
    case .frameTooLarge(let bytes, let limit): "a frame of \(bytes) bytes is larger than the \(limit) that are decoded"
    case .objectTooLarge(let bytes, let limit):
      "frames of \(bytes) bytes in all are more than the \(limit) that are converted at once"
    case .tooFewBytes(let needed, let there): "the frames need \(needed) bytes of pixel data, and \(there) are there"
    case .noSuchFrame(let number, let count): "there is no frame \(number): the object has \(count)"
    case .frameBoundariesUnknown(let frames, let fragments):
      "\(fragments) fragments, and neither a table nor the streams tell which of them are which of \(frames) frames"
    case .unsupported(let syntax, let why): "\(syntax.name): \(why)"
    case .malformed(let codec, let why): "\(codec): the stream is malformed: \(why)"
    case .codecFailed(let codec, let why): "\(codec): the codec failed: \(why)"
    case .cannotEncode(let codec, let why): "\(codec): cannot be encoded: \(why)"
    case .cannotRender(let why): "cannot be rendered: \(why)"
    case .workerEnded(let codec, let why): "\(codec): the worker ended: \(why)"
    case .deadlineExceeded(let codec, let milliseconds): "\(codec): not done after \(milliseconds) ms"
    case .poisoned(let codec): "\(codec): this frame ended a worker before and is not tried again"
    case .workerUnavailable(let why): "no worker can be started: \(why)"
    case .tooManyWaiting(let limit): "more than \(limit) frames are waiting for a worker"
    }
  }

  private static func name(_ tag: Tag) -> String {
    "\(DataDictionary.entry(for: tag)?.name ?? "element") \(tag)"
  }
}

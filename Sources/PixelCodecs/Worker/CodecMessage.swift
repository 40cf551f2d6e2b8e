// SPDX-License-Identifier: Apache-2.0

/// What goes through the pipes between the node and a worker: messages of 256 bytes. The frames themselves lie in shared memory.
package enum CodecMessage {
  package static let byteCount = 256

  package struct Request: Sendable {
    package let request: CodecRequest
    package let inputCount: Int
    /// Of the arena, where its input lies and its output goes.
    package let lane: Int

    package init(_ request: CodecRequest, inputCount: Int, lane: Int = 0) {
      self.request = request
      self.inputCount = inputCount
      self.lane = lane
    }
  }

  package enum Response: Sendable, Hashable {
    /// The walls that stand around the worker, by CLinux; the first thing that it says.
    case ready(walls: Int)
    case done(outputCount: Int)
    case failed(Failure, why: String)
  }

  /// The kinds of `PixelError` that a codec gives.
  package enum Failure: UInt32, Sendable {
    case malformed = 1
    case codecFailed
    case cannotEncode
  }

  fileprivate static let mark: UInt32 = 0x314C_4F43
  fileprivate static let longestReason = byteCount - 32
}

extension CodecMessage.Request {
  package var bytes: [UInt8] {
    let layout = request.layout
    let photometric = PhotometricInterpretation.allCases.firstIndex(of: layout.photometric) ?? 0
    return Words([
      Int(CodecMessage.mark), Int(request.operation.rawValue), Int(request.codec.rawValue), layout.rows, layout.columns,
      layout.samplesPerPixel, layout.bitsAllocated, layout.bitsStored,
      (layout.isSigned ? 1 : 0) | (layout.isPlanar ? 2 : 0),
      photometric, request.quality, inputCount, lane,
    ]).bytes
  }

  /// nil for what no node says.
  package init?(_ bytes: [UInt8]) {
    let words = Words(bytes)
    guard words[0] == CodecMessage.mark, let operation = CodecRequest.Operation(rawValue: words[1]),
      let codec = PixelCodec(rawValue: words[2]), words[9] < PhotometricInterpretation.allCases.count,
      words[12] < CodecArena.lanes,
      let layout = try? FrameLayout(
        rows: Int(words[3]), columns: Int(words[4]), samplesPerPixel: Int(words[5]), bitsAllocated: Int(words[6]),
        bitsStored: Int(words[7]), isSigned: words[8] & 1 != 0, isPlanar: words[8] & 2 != 0,
        photometric: PhotometricInterpretation.allCases[Int(words[9])])
    else { return nil }
    request = CodecRequest(operation, codec, layout: layout, quality: Int(words[10]))
    inputCount = Int(words[11])
    lane = Int(words[12])
  }
}

extension CodecMessage.Response {
  package var bytes: [UInt8] {
    switch self {
    case .ready(let walls): return Words([Int(CodecMessage.mark), 1, walls]).bytes
    case .done(let outputCount): return Words([Int(CodecMessage.mark), 2, outputCount]).bytes
    case .failed(let failure, let why):
      let reason = Array(why.utf8.prefix(CodecMessage.longestReason))
      var bytes = Words([Int(CodecMessage.mark), 3, Int(failure.rawValue), reason.count]).bytes
      bytes.replaceSubrange(32..<32 + reason.count, with: reason)
      return bytes
    }
  }

  /// nil for what no honest worker says.
  package init?(_ bytes: [UInt8]) {
    let words = Words(bytes)
    guard bytes.count == CodecMessage.byteCount, words[0] == CodecMessage.mark else { return nil }
    switch words[1] {
    case 1: self = .ready(walls: Int(words[2]))
    case 2: self = .done(outputCount: Int(words[2]))
    case 3:
      guard let failure = CodecMessage.Failure(rawValue: words[2]), words[3] <= CodecMessage.longestReason else {
        return nil
      }
      // It may come from a decoder that was taken over, and goes into logs.
      let reason = bytes[32..<32 + Int(words[3])].map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }
      self = .failed(failure, why: String(decoding: reason, as: UTF8.self))
    default: return nil
    }
  }
}

/// 32 bit words, little endian; those that are not there are zero.
private struct Words {
  private var words: [UInt32]

  init(_ values: [Int]) {
    words = values.map { UInt32(clamping: $0) }
  }

  init(_ bytes: [UInt8]) {
    words = stride(from: 0, to: bytes.count - bytes.count % 4, by: 4).map { start in
      (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
    }
  }

  subscript(index: Int) -> UInt32 { words.indices.contains(index) ? words[index] : 0 }

  var bytes: [UInt8] {
    let bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    return bytes + [UInt8](repeating: 0, count: CodecMessage.byteCount - bytes.count)
  }
}

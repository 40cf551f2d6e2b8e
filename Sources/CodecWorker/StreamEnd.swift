// SPDX-License-Identifier: Apache-2.0

import PixelCodecs

/// EOI or EOC, which both are FF D9 and stand nowhere in coded data (ISO/IEC 10918-1 §B.1.1.3, 15444-1 §A.3). Some writers leave
/// it out, and libraries then wait for more: it is put there, where no sample is missing.
enum StreamEnd {
  typealias Decoding = (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) throws(PixelError) -> Void

  private static let marker: [UInt8] = [0xFF, 0xD9]
  /// What no encoder writes there: of a frame that is cut off it makes other samples than the marker alone.
  private static let filling: [UInt8] = [UInt8](repeating: 0xA5, count: 64)

  static func decode(
    _ input: UnsafeRawBufferPointer, codec: PixelCodec, into output: UnsafeMutableRawBufferPointer, by decode: Decoding
  ) throws(PixelError) {
    guard !isThere(input) else { return try decode(input, output) }
    switch codec {
    case .jpeg: try decodeJPEG(input, into: output, by: decode)
    case .jpegLS: try decodeJPEGLS(input, into: output, by: decode)
    case .jpeg2000:
      let end = try JPEG2000Codestream(input).endOfTileParts
      try decodeEnded(UnsafeRawBufferPointer(rebasing: input[..<end]), into: output, by: decode)
    default: try decode(input, output)
    }
  }

  private static func isThere(_ input: UnsafeRawBufferPointer) -> Bool {
    var index = input.count - 1
    while index > 0 {
      if input[index] == marker[1], input[index - 1] == marker[0] { return true }
      index -= 1
    }
    return false
  }

  /// The library makes up what is missing: then what comes behind the stream's last byte matters.
  private static func decodeJPEG(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, by decode: Decoding
  ) throws(PixelError) {
    // FF may be repeated before a marker (ISO/IEC 10918-1 §B.1.1.2).
    let count = (input.lastIndex { $0 != 0xFF } ?? -1) + 1
    let input = UnsafeRawBufferPointer(rebasing: input[..<count])
    try decodeEnded(input, into: output, by: decode)
    let other = UnsafeMutableRawBufferPointer.allocate(byteCount: output.count, alignment: 16)
    defer { other.deallocate() }
    other.initializeMemory(as: UInt8.self, repeating: 0)
    var isWhole = false
    do throws(PixelError) {
      try decodeEnded(input, with: filling + marker, into: other, by: decode)
      isWhole = output.elementsEqual(other)
    } catch {}
    guard isWhole else { throw .codecFailed(.jpeg, why: "the stream ends before the frame is complete") }
  }

  /// The library refuses what ends too early, and what has a byte too many: so it tells how many zeros are padding.
  private static func decodeJPEGLS(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, by decode: Decoding
  ) throws(PixelError) {
    let whole = (input.lastIndex { $0 != 0 } ?? -1) + 1
    do throws(PixelError) {
      return try decodeEnded(UnsafeRawBufferPointer(rebasing: input[..<whole]), into: output, by: decode)
    } catch {
      guard whole < input.count else { throw error }
    }
    let one = UnsafeRawBufferPointer(rebasing: input[..<(whole + 1)])
    try decodeEnded(one, into: output, by: decode)
  }

  private static func decodeEnded(
    _ input: UnsafeRawBufferPointer, with end: [UInt8] = marker, into output: UnsafeMutableRawBufferPointer,
    by decode: Decoding
  ) throws(PixelError) {
    let ended = UnsafeMutableRawBufferPointer.allocate(byteCount: input.count + end.count, alignment: 16)
    defer { ended.deallocate() }
    ended.copyMemory(from: input)
    UnsafeMutableRawBufferPointer(rebasing: ended[input.count...]).copyBytes(from: end)
    try decode(UnsafeRawBufferPointer(ended), output)
  }
}

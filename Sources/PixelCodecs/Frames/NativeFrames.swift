// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Frames without compression, one behind the other without a gap, not even to the next byte (PS3.5 §8.1.1).
struct NativeFrames: Sendable {
  private let value: Bytes
  private let frameBits: Int
  /// Bytes that stand in reverse order together: those of a big endian word.
  private let wordSize: Int

  init(_ dataSet: DataSet, description: PixelDescription) throws(PixelError) {
    let (_, element) = try PixelDescription.pixelElement(of: dataSet)
    guard !element.hasUndefinedLength else {
      throw .malformed(.native, why: "the pixel data are in fragments, and \(dataSet.transferSyntax.name) has none")
    }
    guard !element.isOmitted else { throw .noPixelData }
    value = element.value
    frameBits = description.layout.bitCount
    wordSize = element.isBigEndian ? Self.wordSize(of: element.vr) : 1
    // One frame has to be there before the first is cut; of a truncated file those that are can be had.
    try Self.check(bits: frameBits, in: value)
  }

  func frame(_ index: Int) throws(PixelError) -> Bytes {
    let (start, overflow) = index.multipliedReportingOverflow(by: frameBits)
    let (end, overflow2) = start.addingReportingOverflow(frameBits)
    guard !overflow, !overflow2 else { throw .tooFewBytes(needed: .max, there: value.count) }
    try Self.check(bits: end, in: value)
    let range = start / 8..<(end + 7) / 8
    let bytes = wordSize == 1 ? value.part(range) : ordered(range)
    return start % 8 == 0 && end % 8 == 0 ? bytes : Bytes(shifted(bytes, by: start % 8))
  }

  private static func check(bits: Int, in value: Bytes) throws(PixelError) {
    guard (bits - 1) / 8 < value.count else { throw .tooFewBytes(needed: (bits + 7) / 8, there: value.count) }
  }

  private static func wordSize(of vr: VR) -> Int {
    switch vr {
    case .ow, .un: 2
    case .of, .ol: 4
    case .od, .ov: 8
    default: 1
    }
  }

  /// Little endian, where words were big endian; a frame of bytes may begin in the middle of one.
  private func ordered(_ range: Range<Int>) -> Bytes {
    let first = range.lowerBound / wordSize * wordSize
    let last = min((range.upperBound + wordSize - 1) / wordSize * wordSize, value.count)
    var bytes = Array(value.part(first..<last))
    for start in stride(from: 0, through: bytes.count - wordSize, by: wordSize) {
      bytes[start..<start + wordSize].reverse()
    }
    return Bytes(bytes).part(range.lowerBound - first..<range.upperBound - first)
  }

  /// From `shift` bits on, as many as a frame has; what is over at the end is zero.
  private func shifted(_ bytes: Bytes, by shift: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: (frameBits + 7) / 8)
    for index in result.indices {
      let low = bytes[index] >> UInt8(shift)
      let high = shift > 0 && index + 1 < bytes.count ? bytes[index + 1] << UInt8(8 - shift) : 0
      result[index] = low | high
    }
    let rest = frameBits % 8
    if rest > 0, let last = result.indices.last { result[last] &= (1 << UInt8(rest)) - 1 }
    return result
  }
}

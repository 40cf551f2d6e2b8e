// SPDX-License-Identifier: Apache-2.0

import PixelCodecs

/// RLE Compression (PS3.5 annex G): a PackBits segment for each byte of each sample, the highest byte first.
enum RLECodec {
  private static let headerLength = 64
  private static let mostSegments = 15

  static func decode(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) {
    let segments = try segmentRanges(input, layout: layout)
    let plan = Plan(layout)
    for (index, range) in segments.enumerated() {
      let (start, stride) = plan.places(ofSegment: index)
      let segment = UnsafeRawBufferPointer(rebasing: input[range])
      try unpack(segment, count: layout.pixelCount, into: output, from: start, stride: stride)
    }
  }

  /// Where the bytes of a segment go: `start`, `start + stride`, …
  private struct Plan {
    let layout: FrameLayout

    init(_ layout: FrameLayout) {
      self.layout = layout
    }

    func places(ofSegment index: Int) -> (start: Int, stride: Int) {
      let width = layout.bytesPerSample
      let (sample, fromTop) = index.quotientAndRemainder(dividingBy: width)
      let byte = width - 1 - fromTop
      return layout.isPlanar
        ? (sample * layout.pixelCount * width + byte, width)
        : (sample * width + byte, layout.samplesPerPixel * width)
    }
  }

  private static func segmentRanges(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout
  ) throws(PixelError) -> [Range<Int>] {
    guard layout.bitsAllocated >= 8 else { throw .malformed(.rle, why: "RLE has no samples of less than 8 bits") }
    guard input.count >= headerLength else { throw .malformed(.rle, why: "the header of 64 bytes is cut off") }
    let expected = layout.samplesPerPixel * layout.bytesPerSample
    let count = word(input, 0)
    guard count == expected, count <= mostSegments else {
      throw .malformed(.rle, why: "\(count) segments, and the pixels need \(expected)")
    }
    let starts = (1...count).map { word(input, 4 * $0) }
    let ends = starts.dropFirst() + [input.count]
    var ranges: [Range<Int>] = []
    for (start, end) in zip(starts, ends) {
      guard start >= headerLength, start < end, end <= input.count else {
        throw .malformed(.rle, why: "a segment from byte \(start) to \(end) of \(input.count)")
      }
      ranges.append(start..<end)
    }
    return ranges
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
    Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }

  /// Some writers' last run goes on behind the frame's end: it is cut. A segment that ends too early is an error.
  private static func unpack(
    _ segment: UnsafeRawBufferPointer, count: Int, into output: UnsafeMutableRawBufferPointer, from start: Int,
    stride: Int
  ) throws(PixelError) {
    var position = 0
    var written = 0
    var place = start
    // The last place that is written is inside: the one check that the loops below rest on.
    precondition(count > 0 && start >= 0 && stride > 0 && start + (count - 1) * stride < output.count)
    while written < count {
      guard position < segment.count else {
        throw .malformed(.rle, why: "a segment ends after \(written) of \(count) bytes")
      }
      let control = Int(Int8(bitPattern: segment[position]))
      position += 1
      if control >= 0 {
        let literal = min(control + 1, count - written)
        guard position + literal <= segment.count else {
          throw .malformed(.rle, why: "a literal run goes on behind its segment")
        }
        for index in position..<position + literal {
          output[place] = segment[index]
          place += stride
        }
        position += control + 1
        written += literal
      } else if control != -128 {
        guard position < segment.count else { throw .malformed(.rle, why: "a replicate run without its byte") }
        let run = min(1 - control, count - written)
        let value = segment[position]
        for _ in 0..<run {
          output[place] = value
          place += stride
        }
        position += 1
        written += run
      }
    }
  }
}

extension RLECodec {
  static func encode(
    _ input: UnsafeRawBufferPointer, layout: FrameLayout, into output: UnsafeMutableRawBufferPointer
  ) throws(PixelError) -> Int {
    let count = layout.samplesPerPixel * layout.bytesPerSample
    guard layout.bitsAllocated >= 8, count <= mostSegments else {
      throw .cannotEncode(.rle, why: "RLE has up to 15 segments of whole bytes")
    }
    let plan = Plan(layout)
    var encoded: [UInt8] = []
    var starts: [Int] = []
    var row = [UInt8](repeating: 0, count: layout.columns)
    for segment in 0..<count {
      starts.append(headerLength + encoded.count)
      let (start, stride) = plan.places(ofSegment: segment)
      var place = start
      // PS3.5 §G.3.1: no run goes from one row into the next.
      for _ in 0..<layout.rows {
        for column in row.indices {
          row[column] = input[place]
          place += stride
        }
        pack(row, into: &encoded)
      }
      if encoded.count % 2 == 1 { encoded.append(0) }
    }
    guard headerLength + encoded.count <= output.count else {
      throw .cannotEncode(.rle, why: "it grows beyond its room")
    }
    output.initializeMemory(as: UInt8.self, repeating: 0)
    for (index, value) in ([count] + starts).enumerated() {
      output.storeBytes(of: UInt32(clamping: value).littleEndian, toByteOffset: 4 * index, as: UInt32.self)
    }
    encoded.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: output[headerLength...]).copyMemory(from: $0) }
    return headerLength + encoded.count
  }

  private static func pack(_ row: [UInt8], into encoded: inout [UInt8]) {
    row.withUnsafeBufferPointer { row in
      var position = 0
      var literal = 0
      while position < row.count {
        var end = position + 1
        while end < row.count, end - position < 128, row[end] == row[position] { end += 1 }
        let run = end - position
        // Two of a kind inside a literal run are cheaper as part of it.
        if run > 2 || (run == 2 && literal == position) {
          flush(row, literal..<position, into: &encoded)
          encoded.append(UInt8(truncatingIfNeeded: 1 - run))
          encoded.append(row[position])
          literal = end
        }
        position = end
      }
      flush(row, literal..<row.count, into: &encoded)
    }
  }

  private static func flush(_ row: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into encoded: inout [UInt8]) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(start + 128, range.upperBound)
      encoded.append(UInt8(end - start - 1))
      encoded.append(contentsOf: row[start..<end])
      start = end
    }
  }
}

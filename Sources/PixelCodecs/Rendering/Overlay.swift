// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// The graphics of an overlay plane (PS3.3 §C.9.2), as the places that are set.
struct Overlay {
  private let bits: Bytes
  private let rows: Int
  private let columns: Int
  private let top: Int
  private let left: Int
  private let firstBit: Int

  /// Those of the groups 6000 to 601E that have data for the frame; broken ones are left out, for the image is there without.
  static func all(in dataSet: DataSet, frame: Int, pixels: DecodedFrame) -> [Overlay] {
    stride(from: UInt16(0x6000), through: 0x601E, by: 2).compactMap { group in
      Overlay(dataSet, group: group, frame: frame) ?? Overlay(dataSet, group: group, within: pixels)
    }
  }

  /// In a bit of the pixels that they do not use themselves, as it was once allowed (PS3.5-2004 §8.1.2).
  init?(_ dataSet: DataSet, group: UInt16, within frame: DecodedFrame) {
    let layout = frame.layout
    guard dataSet[Tag(group, 0x3000)] == nil, dataSet.integer(Tag(group, 0x0100)) == layout.bitsAllocated,
      let position = dataSet.integer(Tag(group, 0x0102)), (0..<layout.bitsAllocated).contains(position),
      layout.samplesPerPixel == 1, [8, 16].contains(layout.bitsAllocated), frame.bytes.count >= layout.byteCount
    else { return nil }
    let (byte, bit) = position.quotientAndRemainder(dividingBy: 8)
    var bits = [UInt8](repeating: 0, count: (layout.pixelCount + 7) / 8)
    for pixel in 0..<layout.pixelCount
    where frame.bytes[pixel * layout.bytesPerSample + byte] >> UInt8(bit) & 1 == 1 {
      bits[pixel / 8] |= 1 << UInt8(pixel % 8)
    }
    self.bits = Bytes(bits)
    (rows, columns) = (layout.rows, layout.columns)
    (top, left, firstBit) = (0, 0, 0)
  }

  init?(_ dataSet: DataSet, group: UInt16, frame: Int) {
    guard let data = dataSet[Tag(group, 0x3000)], !data.isOmitted, !data.hasUndefinedLength,
      let rows = dataSet.integer(Tag(group, 0x0010)), let columns = dataSet.integer(Tag(group, 0x0011)),
      (1...65535).contains(rows), (1...65535).contains(columns)
    else { return nil }
    let origin = (dataSet[Tag(group, 0x0050)]?.numbers(of: Int16.self)).map { $0.map(Int.init) } ?? []
    // Read under whatever VR the file gives it, where a number is as large as it likes.
    let first = Int(Int32(clamping: dataSet.integer(Tag(group, 0x0051)) ?? 1))
    let count = max(dataSet.integer(Tag(group, 0x0015)) ?? 1, 1)
    // One plane without frames of its own lies over all of the image's.
    let isForAll = dataSet[Tag(group, 0x0015)] == nil
    let place = isForAll ? 0 : frame - (first - 1)
    guard place >= 0, place < count else { return nil }
    let (bit, overflow) = place.multipliedReportingOverflow(by: rows * columns)
    let (end, overflow2) = bit.addingReportingOverflow(rows * columns)
    guard !overflow, !overflow2, (end - 1) / 8 < data.length else { return nil }
    bits = data.value
    self.rows = rows
    self.columns = columns
    top = (origin.first ?? 1) - 1
    left = (origin.dropFirst().first ?? 1) - 1
    firstBit = bit
  }

  /// Sets what lies on the image to white, or to another grey.
  func draw(on pixels: inout [UInt8], width: Int, height: Int, channels: Int, grey: UInt8 = 255) {
    for row in max(0, -top)..<max(0, -top, min(rows, height - top)) {
      for column in max(0, -left)..<max(0, -left, min(columns, width - left)) {
        let bit = firstBit + row * columns + column
        guard bits[bit / 8] >> UInt8(bit % 8) & 1 == 1 else { continue }
        let start = ((top + row) * width + left + column) * channels
        for channel in 0..<channels { pixels[start + channel] = grey }
      }
    }
  }
}

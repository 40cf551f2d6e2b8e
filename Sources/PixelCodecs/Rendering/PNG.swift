// SPDX-License-Identifier: Apache-2.0

import CZlib

extension RenderedImage {
  /// As PNG (ISO/IEC 15948): grey or RGB, 8 bits, each row told by its difference from the pixel to the left.
  package var png: [UInt8] {
    var header = Self.bigEndian(width) + Self.bigEndian(height)
    header += [8, channels == 3 ? 2 : 0, 0, 0, 0]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + Self.chunk("IHDR", header) + Self.chunk("IDAT", Self.deflated(filteredRows)) + Self.chunk("IEND", [])
  }

  private var filteredRows: [UInt8] {
    let line = width * channels
    var rows: [UInt8] = []
    rows.reserveCapacity((line + 1) * height)
    for row in 0..<height {
      rows.append(1)
      let start = row * line
      for place in 0..<line {
        let left = place >= channels ? pixels[start + place - channels] : 0
        rows.append(pixels[start + place] &- left)
      }
    }
    return rows
  }

  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    return bigEndian(content.count) + body + bigEndian(Int(crc32(0, body, UInt32(clamping: body.count))))
  }

  private static func bigEndian(_ value: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }

  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var count = compressBound(UInt(bytes.count))
    return [UInt8](unsafeUninitializedCapacity: Int(count)) { room, filled in
      let result = compress2(room.baseAddress, &count, bytes, UInt(bytes.count), 6)
      filled = result == Z_OK ? Int(count) : 0
    }
  }
}

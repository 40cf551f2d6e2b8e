// SPDX-License-Identifier: Apache-2.0

/// The samples of a frame of one sample a pixel, as numbers: Bits Stored of them below and with High Bit (PS3.5 §8.1.1).
struct StoredValues {
  private let bytes: [UInt8]
  private let description: PixelDescription
  private let width: Int
  let count: Int

  init(_ frame: DecodedFrame, description: PixelDescription) throws(PixelError) {
    bytes = frame.bytes
    self.description = description
    width = frame.layout.bytesPerSample
    count = frame.layout.pixelCount
    guard frame.layout.samplesPerPixel == 1, bytes.count >= frame.layout.byteCount else {
      throw .cannotRender(why: "it has \(frame.layout.samplesPerPixel) samples per pixel")
    }
  }

  /// So few that all there can be are worked out beforehand.
  var areTabulated: Bool { description.layout.bitsAllocated <= 16 }
  var rawCount: Int { 1 << min(description.layout.bitsAllocated, 16) }

  func raw(_ index: Int) -> UInt64 {
    if description.layout.bitsAllocated == 1 { return UInt64(bytes[index / 8] >> UInt8(index % 8) & 1) }
    var value: UInt64 = 0
    for byte in 0..<width { value |= UInt64(bytes[index * width + byte]) << UInt64(8 * byte) }
    return value
  }

  /// All bits as they stand, when they are 16 or fewer.
  func forEachRaw(_ body: (Int) -> Void) {
    bytes.withUnsafeBytes { bytes in
      switch description.layout.bitsAllocated {
      case 8: for index in 0..<count { body(Int(bytes[index])) }
      case 16:
        for index in 0..<count {
          body(Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))))
        }
      default: for index in 0..<count { body(Int(raw(index))) }
      }
    }
  }

  func value(ofRaw raw: UInt64) -> Double {
    switch description.samples {
    case .floats: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: raw)))
    case .doubles: return Double(bitPattern: raw)
    case .integers:
      let stored = description.layout.bitsStored
      let shifted = raw >> UInt64(description.highBit + 1 - stored)
      let masked = stored == 64 ? shifted : shifted & ((1 << UInt64(stored)) - 1)
      guard description.layout.isSigned else { return Double(masked) }
      let space = UInt64(64 - stored)
      return Double(Int64(bitPattern: masked << space) >> Int64(space))
    }
  }
}

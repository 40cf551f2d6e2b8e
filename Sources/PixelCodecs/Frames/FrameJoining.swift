// SPDX-License-Identifier: Apache-2.0

/// Joins frames that may end within a byte to those that follow (PS3.5 §8.1.1), one at a time.
struct FrameJoining {
  /// The lowest bits of the next byte, and how many they are.
  private var begun: UInt8 = 0
  private var bits = 0

  /// The whole bytes that are there with this frame.
  mutating func add(_ frame: DecodedFrame) -> [UInt8] {
    let count = frame.layout.bitCount
    guard bits > 0 || count % 8 != 0 else { return frame.bytes }
    let whole = (bits + count) / 8
    var bytes: [UInt8] = []
    bytes.reserveCapacity(whole + 1)
    for (index, stored) in frame.bytes.prefix((count + 7) / 8).enumerated() {
      // What a frame's last byte holds behind its samples is not the next one's.
      let byte = index == count / 8 ? stored & (1 << UInt8(count % 8) - 1) : stored
      bytes.append(begun | byte << UInt8(bits))
      begun = bits > 0 ? byte >> UInt8(8 - bits) : 0
    }
    // What was begun stands behind the last byte, unless that byte is not full itself.
    if bytes.count > whole {
      begun = bytes[whole]
      bytes.removeLast(bytes.count - whole)
    }
    bits = (bits + count) % 8
    return bytes
  }

  /// What is left behind the last frame: one byte, or none.
  var rest: [UInt8] { bits > 0 ? [begun] : [] }
}

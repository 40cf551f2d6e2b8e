// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Glibc

/// The name of a stored object: 32 hexadecimal digits, fourteen from the clock and the others by chance. Nothing that a peer
/// sent is part of it.
///
/// The first two say on which shelf it stands, another one every 16 seconds: what comes at the same time shares the sync of
/// its directory, and is indexed side by side.
struct ObjectKey: Hashable, Sendable, Comparable {
  let name: String

  static func random() -> ObjectKey {
    var generator = SystemRandomNumberGenerator()
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let milliseconds = UInt64(clamping: time.tv_sec) &* 1000 &+ UInt64(clamping: time.tv_nsec / 1_000_000)
    let time48 = milliseconds & 0xFFFF_FFFF_FFFF
    let first = (milliseconds >> 14 & 0xFF) << 56 | time48 << 8 | UInt64(generator.next() as UInt8)
    let digits = [first, generator.next() as UInt64].map { half in
      let text = String(half, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    return ObjectKey(name: digits.joined())
  }

  init(name: String) {
    self.name = name
  }

  /// nil for what is none.
  init?(checking name: String) {
    guard name.utf8.count == 32, name.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    self.name = name
  }

  static func < (left: ObjectKey, right: ObjectKey) -> Bool { left.name < right.name }
}

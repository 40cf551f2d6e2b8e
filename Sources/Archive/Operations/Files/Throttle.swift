// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Glibc

/// Holds back the thread that reads too fast, so that those who serve have the disk.
struct Throttle {
  private let bytesPerSecond: Int
  private let begin = ContinuousClock.now
  private var taken = 0

  /// 0 is without limit.
  init(bytesPerSecond: Int) {
    self.bytesPerSecond = bytesPerSecond
  }

  /// `meanwhile` is called while it waits, and may throw to end the operation.
  mutating func take(_ bytes: Int, meanwhile: () throws -> Void) throws {
    guard bytesPerSecond > 0 else { return }
    taken += bytes
    let due = Duration.seconds(Double(taken) / Double(bytesPerSecond))
    while true {
      let ahead = due - (ContinuousClock.now - begin)
      guard ahead > .milliseconds(1) else { return }
      let (seconds, attoseconds) = min(ahead, .milliseconds(100)).components
      var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
      nanosleep(&time, nil)
      try meanwhile()
    }
  }
}

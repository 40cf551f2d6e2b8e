// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Which file it is, and when it was last touched: whoever changes a byte of it changes this.
package struct FileStamp: Sendable, Hashable {
  let file: UInt64
  let size: Int64
  let seconds: Int64
  let nanoseconds: Int64
}

/// Files that were read whole a while ago and were what was received: as long as nobody touched them they are not compared again.
/// What a disk forgets by itself meanwhile is for the next time, and for `check`.
final class ProvenFiles: Sendable {
  private static let lasting = Duration.seconds(3600)
  /// Some megabytes; past that it begins anew.
  private static let most = 1 << 16

  private let files = Mutex<[FileStamp: ContinuousClock.Instant]>([:])

  func has(_ stamp: FileStamp) -> Bool {
    files.withLock { $0[stamp] }.map { $0.duration(to: .now) < Self.lasting } ?? false
  }

  func note(_ stamp: FileStamp) {
    files.withLock { files in
      if files.count >= Self.most { files = [:] }
      files[stamp] = .now
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// One process owns a data directory: whoever holds the lock on `DIR/lock`. It ends with the process, however that ends.
final class DirectoryLock: Sendable {
  private let held: Mutex<CInt>

  init(directory: String) throws(ArchiveError) {
    let path = directory + "/lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw ArchiveError(FileError("open", path).description) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw ArchiveError(
        "another process owns the data directory '\(directory)': stop it first, or let it do what you want")
    }
    held = Mutex(descriptor)
  }

  /// Whoever asks next may own the directory.
  func release() {
    held.withLock { descriptor in
      guard descriptor >= 0 else { return }
      // A child that was forked a moment ago may hold the descriptor still.
      flock(descriptor, LOCK_UN)
      close(descriptor)
      descriptor = -1
    }
  }

  deinit {
    release()
  }
}

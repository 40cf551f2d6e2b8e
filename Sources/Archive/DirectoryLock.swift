// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// One process owns a data directory: whoever holds the lock on `DIR/lock`. It ends with the process, however that ends.
package final class DirectoryLock: Sendable {
  package enum Kind: String, Sendable {
    /// Whoever reads and writes the archive.
    case owner = "lock"
    /// Whoever brings another archive there, for as long as that takes; a running node waits for its end.
    case replacement = "replacing"
  }

  private static let pause: useconds_t = 50_000
  private let held: Mutex<CInt>

  /// `within`: seconds that another process may still take to give it up; then the thread waits.
  package init(_ kind: Kind = .owner, of directory: String, within patience: Int = 0) throws(ArchiveError) {
    let descriptor = try Self.opened(kind, directory)
    var rounds = patience * 1_000_000 / Int(Self.pause)
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard rounds > 0 else {
        close(descriptor)
        throw ArchiveError(
          kind == .owner
            ? "another process owns the data directory '\(directory)': stop it first, or let it do what you want"
            : "another command brings an archive to the data directory '\(directory)' already")
      }
      rounds -= 1
      usleep(Self.pause)
    }
    held = Mutex(descriptor)
  }

  /// Whether nobody holds it, this moment.
  package static func isFree(_ kind: Kind, of directory: String) throws(ArchiveError) -> Bool {
    let descriptor = try opened(kind, directory)
    defer { close(descriptor) }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    guard errno == EWOULDBLOCK else {
      throw ArchiveError(FileError("lock", "\(directory)/\(kind.rawValue)").description)
    }
    return false
  }

  private static func opened(_ kind: Kind, _ directory: String) throws(ArchiveError) -> CInt {
    let path = "\(directory)/\(kind.rawValue)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw ArchiveError(FileError("open", path).description) }
    return descriptor
  }

  /// The same for who may not wait in its own thread.
  package static func taken(_ kind: Kind, of directory: String, within patience: Int) async throws -> DirectoryLock {
    try await OperationThread.run { try DirectoryLock(kind, of: directory, within: patience) }
  }

  /// Whoever asks next may own the directory.
  package func release() {
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

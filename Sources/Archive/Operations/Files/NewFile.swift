// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that gets its name when it is whole and on the disk; until then, and if that never comes, it has another. It blocks.
final class NewFile {
  private let temporaryPath: String
  private var descriptor: CInt

  /// `temporaryPath` has to be free.
  init(at temporaryPath: String, mode: mode_t = 0o600) throws(FileError) {
    self.temporaryPath = temporaryPath
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw FileError("create", temporaryPath) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath)
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileError("write", temporaryPath) }
      rest = rest.dropFirst(count)
    }
  }

  /// Synced and in its place; the directory is still to be synced. False, with nothing done, when the name is taken: what
  /// is there is never replaced.
  func place(at path: String) throws(FileError) -> Bool {
    guard fsync(descriptor) == 0 else { throw FileError("sync", temporaryPath) }
    guard close(descriptor) == 0 else {
      descriptor = -1
      throw FileError("close", temporaryPath)
    }
    descriptor = -1
    defer { unlink(temporaryPath) }
    if link(temporaryPath, path) == 0 { return true }
    guard errno != EEXIST else { return false }
    guard errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK else {
      throw FileError("name", path)
    }
    // A file system without hard links, as on most sticks: the name is taken first, then given to the file.
    let claim = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard claim >= 0 else {
      guard errno != EEXIST else { return false }
      throw FileError("create", path)
    }
    close(claim)
    guard rename(temporaryPath, path) == 0 else { throw FileError("name", path) }
    return true
  }
}

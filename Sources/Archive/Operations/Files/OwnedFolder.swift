// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Glibc

/// A folder that one operation at a time writes to, in this process or another.
final class OwnedFolder: Sendable {
  let path: String
  private let descriptor: CInt

  /// Makes the folder where there is none. `dataDirectory` is what it must not lie in, where there is one.
  /// `isRead`: others may read it too.
  init(_ path: String, outside dataDirectory: String?, isRead: Bool = false) throws {
    self.path = path
    guard path.hasPrefix("/") else { throw ArchiveError("'\(path)' has to be an absolute path") }
    let isNew = !isRead && mkdir(path, 0o700) == 0
    guard isNew || isRead || errno == EEXIST else { throw FileError("make", path) }
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", path) }
    guard flock(descriptor, (isRead ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
      throw ArchiveError("another operation is writing to '\(path)': wait for its end")
    }
    guard let dataDirectory else { return }
    guard let own = Self.real(path), let data = Self.real(dataDirectory) else { throw FileError("find", path) }
    guard own != data, !own.hasPrefix(data + "/"), !data.hasPrefix(own + "/") else {
      if isNew { rmdir(path) }
      throw ArchiveError("'\(path)' and the data directory lie in one another: choose a folder elsewhere")
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  private static func real(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// A folder below it; a link in its place is refused.
  func make(_ relative: String) throws(FileError) -> String {
    var below = path
    for component in relative.split(separator: "/") {
      below += "/\(component)"
      if mkdir(below, 0o700) != 0, errno != EEXIST { throw FileError("make", below) }
      var status = stat()
      guard lstat(below, &status) == 0 else { throw FileError("look at", below) }
      guard status.st_mode & S_IFMT == S_IFDIR else {
        errno = ENOTDIR
        throw FileError("use", below)
      }
    }
    return below
  }
}

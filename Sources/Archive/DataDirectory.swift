// SPDX-License-Identifier: Apache-2.0

// The importer of C files `struct stat` under this module where crypto packages are imported beside Glibc.
import CoreFoundation
import Glibc

/// The directory that holds all of a node's data. Patient data that others on the machine could read or change, or that
/// stands where a link leads, are refused rather than kept.
enum DataDirectory {
  /// Makes it where there is none. A new directory is lost in a power cut, with all in it, until its parent is synced.
  static func prepare(_ directory: String) throws(ArchiveError) {
    if mkdir(directory, 0o700) == 0 {
      do throws(FileError) { try FileObjectStore.syncDirectory(directory + "/..") } catch {
        throw ArchiveError(error.description)
      }
    } else if errno != EEXIST {
      throw ArchiveError(FileError("make", directory).description)
    }
    try requirePrivate(directory, S_IFDIR)
    for name in folders { try requirePrivate("\(directory)/\(name)", S_IFDIR) }
    for name in files { try requirePrivate("\(directory)/\(name)", S_IFREG) }
  }

  private static let folders = ["instances", "incoming", "arrivals", "quarantine", "thumbnails"]
  private static let files = [
    "lock", "replacing", "index.sqlite", "index.sqlite-wal", "index.sqlite-shm", SpareSpace.forDeleting,
    SpareSpace.forRecords, "collimator.json",
  ]

  /// Whether it is there and not this process' user's: what is made in it would not be its owner's.
  static func isOfAnother(_ directory: String) -> Bool {
    var status = stat()
    return stat(directory, &status) == 0 && status.st_uid != geteuid()
  }

  /// What is not there yet is made private by who makes it.
  private static func requirePrivate(_ path: String, _ kind: mode_t) throws(ArchiveError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw ArchiveError(FileError("look at", path).description)
    }
    guard status.st_mode & S_IFMT == kind else {
      throw ArchiveError(
        kind == S_IFDIR
          ? "'\(path)' is not a directory (a link to one is not followed)"
          : "'\(path)' is not a file (a link to one is not followed)")
    }
    // Settings hold no patient data, and an administrator's editor leaves them readable.
    let forbidden: mode_t = path.hasSuffix(".json") ? 0o022 : 0o077
    guard status.st_mode & forbidden == 0 else {
      throw ArchiveError(
        kind == S_IFDIR
          ? "others may enter '\(path)', which is to hold patient data: run chmod 700 on it"
          : forbidden == 0o022
            ? "others may change '\(path)', which says how this node runs: run chmod go-w on it"
            : "others may open '\(path)', which is to hold patient data: run chmod 600 on it")
    }
  }
}

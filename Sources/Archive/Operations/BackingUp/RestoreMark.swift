// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file in a data directory that is in the middle of a restore and is not to be opened. It says how far the restore has
/// come with the index that was there, so that one that goes on after it was killed knows which file that is.
enum RestoreMark: String {
  /// The index is in its place.
  case begun = ""
  /// There was none before the restore.
  case lost
  /// There was none, and what stands in its place now is the restored one.
  case absent
  /// It is being moved aside: a file has either its old name or its new one.
  case moving
  /// It is aside, whole; what stands in its place may be the restored one.
  case aside

  private static func path(_ directory: String) -> String { directory + "/restoring" }

  /// As far as it has come before, if it has.
  static func begin(_ directory: String, as mark: RestoreMark) throws(FileError) {
    if !isSet(directory) { try set(directory, mark) }
  }

  /// Returns when it is on the disk.
  static func set(_ directory: String, _ mark: RestoreMark = .begun) throws(FileError) {
    let next = path(directory) + ".next"
    let descriptor = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError("create", next) }
    defer { close(descriptor) }
    let bytes = Array(mark.rawValue.utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count else { throw FileError("write", next) }
    guard fsync(descriptor) == 0 else { throw FileError("sync", next) }
    guard rename(next, path(directory)) == 0 else { throw FileError("name", path(directory)) }
    try FileObjectStore.syncDirectory(directory)
  }

  static func isSet(_ directory: String) -> Bool { access(path(directory), F_OK) == 0 }

  /// nil where there is none. One that cannot be understood is not taken for another.
  static func read(_ directory: String) throws -> RestoreMark? {
    let descriptor = open(path(directory), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      guard errno == ENOENT else { throw FileError("open", path(directory)) }
      return nil
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    guard count >= 0 else { throw FileError("read", path(directory)) }
    guard let mark = RestoreMark(rawValue: String(decoding: bytes.prefix(count), as: UTF8.self)) else {
      throw ArchiveError("'\(path(directory))' is of a later version of Collimator: restore with that one")
    }
    return mark
  }

  static func clear(_ directory: String) throws(FileError) {
    guard unlink(path(directory)) == 0 else { throw FileError("remove", path(directory)) }
    try FileObjectStore.syncDirectory(directory)
  }

  static func requireNone(_ directory: String) throws(ArchiveError) {
    guard !isSet(directory) else {
      throw ArchiveError("a restore into '\(directory)' did not come to its end: run collimator restore again")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The index that a restore replaces, kept under another name: killed at any moment, it is found again with all that stands
/// in its write-ahead log, and the restored one is never taken for it.
struct IndexAside {
  private let directory: String
  private let index: String
  private let path: String

  init(of directory: String) {
    self.directory = directory
    index = directory + "/index.sqlite"
    path = index + ".before-restore"
  }

  private static let sideFiles = ["-wal", "-journal"]

  /// The index that was here before the restore, wherever it is; nil where there was none.
  func found() throws -> String? {
    let mark = try RestoreMark.read(directory)
    switch mark {
    case .absent: return nil
    // What an earlier restore put aside is not it.
    case nil, .lost: return isThere(index) ? index : nil
    // An earlier version moved it under this mark, where a file has one name only.
    case .begun: return [index, path].first(where: isThere)
    case .moving, .aside:
      if !isThere(index), isThere(path) { try moveSideFiles() }
      return [path, index].first(where: isThere)
    }
  }

  /// After it nothing stands beside the index's name that would be taken for the restored one's.
  func keep() throws {
    switch try RestoreMark.read(directory) {
    case .absent, .aside: break
    case .moving: try move()
    case let mark:
      if isThere(index) {
        try putAside()
      } else {
        try RestoreMark.set(directory, mark == .begun && isThere(path) ? .aside : .absent)
      }
    }
    for suffix in Self.sideFiles + ["-shm"] { unlink(index + suffix) }
  }

  /// Under another name too, so that at every moment there is an index with its log from which can be taken over.
  private func putAside() throws {
    for suffix in [""] + Self.sideFiles + ["-shm"] { unlink(path + suffix) }
    try FileObjectStore.syncDirectory(directory)
    guard link(index, path) == 0 else {
      // A file system without second names.
      try RestoreMark.set(directory, .moving)
      return try move()
    }
    for suffix in Self.sideFiles where isThere(index + suffix) {
      guard link(index + suffix, path + suffix) == 0 else { throw FileError("name", path + suffix) }
    }
    try FileObjectStore.syncDirectory(directory)
    try RestoreMark.set(directory, .aside)
  }

  private func move() throws {
    if !isThere(path) {
      guard rename(index, path) == 0 else { throw FileError("move", index) }
    }
    try moveSideFiles()
    try FileObjectStore.syncDirectory(directory)
    try RestoreMark.set(directory, .aside)
  }

  private func moveSideFiles() throws(FileError) {
    for suffix in Self.sideFiles where isThere(index + suffix) {
      guard rename(index + suffix, path + suffix) == 0 else { throw FileError("move", index + suffix) }
    }
  }

  private func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

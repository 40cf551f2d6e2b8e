// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The files of a data directory. Their names are ours alone: nothing that a peer sent is part of a path.
struct ObjectStore: Sendable {
  /// The name of a stored object: 32 hexadecimal digits, by chance.
  struct Key: Hashable, Sendable {
    let name: String

    static func random() -> Key {
      var generator = SystemRandomNumberGenerator()
      let digits = (0..<2).map { _ in
        let half = String(generator.next() as UInt64, radix: 16)
        return String(repeating: "0", count: 16 - half.count) + half
      }
      return Key(name: digits.joined())
    }

    /// nil for a name that this node does not give.
    init?(fileName: String) {
      guard fileName.hasSuffix(".dcm"), fileName.utf8.count == 36,
        fileName.dropLast(4).allSatisfy({ $0.isHexDigit && !$0.isUppercase })
      else { return nil }
      name = String(fileName.dropLast(4))
    }

    init(name: String) {
      self.name = name
    }
  }

  let directory: String

  var incoming: String { directory + "/incoming" }
  var instances: String { directory + "/instances" }
  var quarantine: String { directory + "/quarantine" }

  func incomingPath(of key: Key) -> String { "\(incoming)/\(key.name)" }
  func shelf(of key: Key) -> String { "\(instances)/\(key.name.prefix(2))" }
  func path(of key: Key) -> String { "\(shelf(of: key))/\(key.name).dcm" }

  /// Makes all that is missing. The 256 shelves are made at once, so that no store has to sync a new one.
  func prepare() throws(FileError) {
    for path in [incoming, instances, quarantine] { try make(path) }
    for shelf in 0..<256 {
      try make("\(instances)/\(shelf < 16 ? "0" : "")\(String(shelf, radix: 16))")
    }
    try Self.syncDirectory(instances)
    try Self.syncDirectory(directory)
  }

  private func make(_ path: String) throws(FileError) {
    guard mkdir(path, 0o700) != 0 else { return }
    guard errno == EEXIST else { throw FileError("make", path) }
  }

  /// Moves a synced file into its place for good: the directory that names it is synced before this returns.
  func shelve(_ key: Key) throws(FileError) {
    guard rename(incomingPath(of: key), path(of: key)) == 0 else { throw FileError("move", incomingPath(of: key)) }
    try Self.syncDirectory(shelf(of: key))
  }

  static func syncDirectory(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError("sync", path) }
  }

  /// The names in a directory, without "." and "..".
  static func names(in path: String) throws(FileError) -> [String] {
    guard let listing = opendir(path) else { throw FileError("list", path) }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}

/// A file operation that the system refused.
struct FileError: Error, Sendable, CustomStringConvertible {
  let code: CInt
  let description: String

  /// `path` is put together only after `errno` was read.
  init(_ operation: String, _ path: @autoclosure () -> String) {
    code = errno
    description = "cannot \(operation) '\(path())': \(String(cString: strerror(code)))"
  }
}

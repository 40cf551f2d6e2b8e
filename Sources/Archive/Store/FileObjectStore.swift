// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Glibc

/// Objects as files of a data directory.
struct FileObjectStore: ObjectStore {
  let paths: ObjectPaths
  let directorySyncs = DirectorySyncs()
  let arrivals: ArrivalsLog
  private let threads: FileThreads

  init(
    directory: String, threads: FileThreads = FileThreads(count: 2),
    arrivalsSegmentSize: Int = ArrivalsLog.usualSegmentSize
  ) {
    paths = ObjectPaths(directory: directory)
    self.threads = threads
    arrivals = ArrivalsLog(at: paths, segmentSize: arrivalsSegmentSize)
  }

  var directory: String { paths.directory }
  var incoming: String { paths.incoming }
  var instances: String { paths.instances }
  var quarantine: String { paths.quarantine }
  static var shelves: [String] { ObjectPaths.shelves }

  func incomingPath(of key: ObjectKey) -> String { paths.incoming(key) }
  func shelf(of key: ObjectKey) -> String { paths.shelf(of: key) }
  func path(of key: ObjectKey) -> String { paths.path(of: key) }

  /// Makes all that is missing. The 256 shelves are made at once, so that no store has to sync a new one.
  func prepare() throws(FileError) {
    let present = try Set(Self.names(in: directory))
    for name in ["arrivals", "incoming", "instances", "quarantine"] where !present.contains(name) {
      try make("\(directory)/\(name)")
    }
    let shelves = try Set(Self.names(in: instances))
    let missing = Self.shelves.filter { !shelves.contains($0) }
    for shelf in missing { try make("\(instances)/\(shelf)") }
    // A power cut may have come between making and syncing: all the shelves, and no sign that they are there to stay.
    try Self.syncDirectory(instances)
    try Self.syncDirectory(directory)
  }

  private func make(_ path: String) throws(FileError) {
    guard mkdir(path, 0o700) == 0 else { throw FileError("make", path) }
  }

  nonisolated(nonsending) func begin() async throws(StoreError) -> any ObjectSink {
    IncomingObject(in: self)
  }

  func keep(_ bytes: [UInt8], as key: ObjectKey, begun: @escaping @Sendable (Keeping) -> Void) {
    let keeping = Keeping()
    arrivals.append(ArrivalsRecord(key, bytes), makesFile: true, begun: { begun(keeping) }) { outcome in
      keeping.settle(outcome.map { LoggedObject(key, in: self, $0) }.mapError(StoreError.init))
    }
  }

  /// The file of an object of the arrivals log that is not to stay.
  func drop(_ key: ObjectKey) async {
    await threads.perform { _ = unlink(path(of: key)) }
  }

  /// The same of one whose sender hears that it is not kept: it is gone after a power cut too.
  func refuse(_ key: ObjectKey, in segment: ArrivalsSegment) async {
    await threads.perform {
      unlink(path(of: key))
      try? Self.syncDirectory(shelf(of: key))
    }
    await arrivals.refuse(key, in: segment)
  }

  /// Whether an object is kept, and its reception has not heard yet what the index says of it.
  func isOnItsWay(_ key: ObjectKey) -> Bool {
    access(incomingPath(of: key), F_OK) == 0 || arrivals.isPending(key)
  }

  func read(_ range: Range<Int>, of key: ObjectKey) async throws(StoreError) -> [UInt8] {
    try await threads.perform { () throws(FileError) in try readNow(range, of: key) }
  }

  func read<Value: Sendable>(
    _ ranges: [(range: Range<Int>, key: ObjectKey)],
    _ take: @escaping @Sendable (any ReadableBytes) throws(StoreError) -> Value
  ) async -> [Result<Value, StoreError>] {
    await threads.perform {
      ranges.map { range, key in
        Result { () throws(StoreError) in
          let file = try OpenedFile(path(of: key), range)
          defer { file.close() }
          return try take(file)
        }
      }
    }
  }

  func size(of key: ObjectKey) async throws(StoreError) -> Int {
    try await threads.perform { () throws(FileError) in
      var status = stat()
      guard lstat(path(of: key), &status) == 0 else { throw FileError("look at", path(of: key)) }
      return Int(status.st_size)
    }
  }

  func remove(_ key: ObjectKey) async throws(StoreError) {
    try await threads.perform { () throws(FileError) in
      guard unlink(path(of: key)) == 0 || errno == ENOENT else { throw FileError("remove", path(of: key)) }
      try Self.syncDirectory(shelf(of: key))
    }
  }

  func setAside(_ key: ObjectKey) async throws(StoreError) {
    try await threads.perform { () throws(FileError) in try quarantineNow(key) }
  }

  func quarantineNow(_ key: ObjectKey) throws(FileError) {
    guard rename(path(of: key), "\(quarantine)/\(key.name).dcm") == 0 else {
      guard errno == ENOENT else { throw FileError("move", path(of: key)) }
      return
    }
    try Self.syncDirectory(quarantine)
    try Self.syncDirectory(shelf(of: key))
  }

  /// A shelf at a time.
  func keys(after last: ObjectKey?) async throws(StoreError) -> [ObjectKey] {
    try await threads.perform { () throws(FileError) in
      for shelf in Self.shelves {
        if let last, shelf <= last.name.prefix(2) { continue }
        let keys = try keys(onShelf: shelf)
        if !keys.isEmpty { return keys.sorted() }
      }
      return []
    }
  }

  func keys(onShelf shelf: String) throws(FileError) -> [ObjectKey] {
    try Self.names(in: "\(instances)/\(shelf)").compactMap { name in
      name.hasSuffix(".dcm") ? ObjectKey(checking: String(name.dropLast(4))) : nil
    }
  }

  func readNow(_ range: Range<Int>, of key: ObjectKey) throws(FileError) -> [UInt8] {
    let file = try OpenedFile(opening: path(of: key), range)
    defer { file.close() }
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: file.count) { room, count in
      do throws(FileError) {
        count = try file.read(to: UnsafeMutableRawBufferPointer(room))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Gives a file its place. Its name among the incoming stays until the index knows it.
  func place(_ key: ObjectKey) throws(FileError) {
    guard link(incomingPath(of: key), path(of: key)) == 0 else { throw FileError("place", incomingPath(of: key)) }
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

// SPDX-License-Identifier: Apache-2.0

import CLinux
// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Dispatch
import Glibc
import Synchronization

/// Makes small objects durable many at a time: they are appended to one file, and one sync serves all that wait. Each gets
/// a file of its own as well, which nobody syncs and another thread writes meanwhile: only when a segment of the log is full,
/// one sync of the file system takes all its objects' files, and the segment is free again. After a crash the log has every
/// object whose file may be missing.
final class ArrivalsLog: Sendable {
  /// Objects of more bytes have their own file from the beginning: to write them twice would cost more than it saves.
  static let largestObject = 128 << 10
  /// A pass of a segment: as much as a start after a crash has to look at several times, and large enough that syncs of the
  /// file system are rare.
  static let usualSegmentSize = 32 << 20
  private static let mostSegments = 6
  /// Enough to make the sync cheap, few enough that the first of them does not wait long.
  private static let largestBatch = 4 << 20

  private struct Waiting: Sendable {
    let record: ArrivalsRecord
    let makesFile: Bool
    let begun: @Sendable () -> Void
    let then: @Sendable (Result<ArrivalsSegment, FileError>) -> Void
  }

  private struct State: Sendable {
    var waiting: [Waiting] = []
    var isRunning = false
    var current: ArrivalsSegment?
    /// Full, and with objects in them that are not safe elsewhere yet.
    var closed: [ArrivalsSegment] = []
    var free: [ArrivalsSegment] = []
    /// Segments whose file is to go, and who waits for that.
    var condemned: [(segment: ArrivalsSegment, group: DispatchGroup)] = []
    var count = 0
    /// After it, nothing more may be promised.
    var failure: FileError?
  }

  private let paths: ObjectPaths
  private let segmentSize: Int
  private let state = Mutex(State())
  private let writer = FileThread(number: -1)
  private let releaser = FileThread(number: -2)
  private let filer = FileThread(number: -5)

  init(at paths: ObjectPaths, segmentSize: Int) {
    self.paths = paths
    self.segmentSize = segmentSize
  }

  var directory: String { paths.arrivals }

  /// When this returns, the object survives a power cut in the segment, until it is settled there.
  nonisolated(nonsending) func append(_ record: ArrivalsRecord) async throws(FileError) -> ArrivalsSegment {
    try await withCheckedContinuation { continuation in
      append(record, makesFile: false, begun: {}) { continuation.resume(returning: $0) }
    }.get()
  }

  /// The same for whoever has nothing to wait in: `then` is called on the thread that writes, and may not wait for anything;
  /// so is `begun`, before the object is written. `makesFile`: once the log has the object it gets its file there too.
  func append(
    _ record: ArrivalsRecord, makesFile: Bool, begun: @escaping @Sendable () -> Void,
    then: @escaping @Sendable (Result<ArrivalsSegment, FileError>) -> Void
  ) {
    let begins = state.withLock { state in
      state.waiting.append(Waiting(record: record, makesFile: makesFile, begun: begun, then: then))
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if begins { writer.perform { self.writeAll() } }
  }

  /// The index knows the object for good, and it has its file; or it is not to be kept.
  func settle(_ key: ObjectKey, in segment: ArrivalsSegment) {
    if segment.settle(key) { release(segment) }
  }

  /// What was kept is not to be: its sender hears so, and no start after a crash takes it in.
  nonisolated(nonsending) func refuse(_ key: ObjectKey, in segment: ArrivalsSegment) async {
    await withCheckedContinuation { continuation in
      writer.perform {
        self.voidNow([key], in: segment)
        continuation.resume()
      }
    }
    settle(key, in: segment)
  }

  /// Whether an object is kept and not yet in the index.
  func isPending(_ key: ObjectKey) -> Bool {
    state.withLock { ($0.current.map { [$0] } ?? []) + $0.closed }.contains { $0.isPending(key) }
  }

  private func writeAll() {
    while let batch = nextBatch() {
      // Room first, for which it may have to wait: who hears that it begins holds what others wait for.
      let room = Result { () throws(FileError) in try segment(for: batch.reduce(0) { $0 + $1.record.size }) }
      for waiting in batch { waiting.begun() }
      let outcomes = outcomes(of: batch, room)
      // All of them first: whoever goes on with the first would not wait for the others.
      for (waiting, outcome) in zip(batch, outcomes) { waiting.then(outcome) }
    }
  }

  private func outcomes(
    of batch: [Waiting], _ room: Result<ArrivalsSegment, FileError>
  ) -> [Result<ArrivalsSegment, FileError>] {
    do throws(FileError) {
      let segment = try room.get()
      let failures = try append(batch, to: segment)
      return batch.map { waiting in failures[waiting.record.key].map { .failure($0) } ?? .success(segment) }
    } catch {
      if StoreError(error).kind == .untrustworthy { state.withLock { $0.failure = error } }
      return batch.map { _ in .failure(error) }
    }
  }

  /// Which of the batch have no file and are not kept therefore.
  private func append(_ batch: [Waiting], to segment: ArrivalsSegment) throws(FileError) -> [ObjectKey: FileError] {
    let files = ArrivingFiles(batch.filter(\.makesFile).map(\.record), at: paths, on: filer)
    do throws(FileError) {
      try segment.append(batch.map(\.record))
    } catch {
      _ = files.settle(isKept: false)
      if segment.isSpoilt { closeCurrent() }
      throw error
    }
    let failures = files.settle(isKept: true)
    voidNow(Array(failures.keys), in: segment)
    for key in failures.keys { settle(key, in: segment) }
    return failures
  }

  /// On the writer's thread. Where the disk does not take this either, the objects may be found again, as some that nobody was
  /// promised.
  private func voidNow(_ keys: [ObjectKey], in segment: ArrivalsSegment) {
    do throws(FileError) { try segment.void(keys) } catch {
      if segment.isSpoilt, state.withLock({ $0.current === segment }) { closeCurrent() }
      if StoreError(error).kind == .untrustworthy { state.withLock { $0.failure = error } }
    }
  }

  private func nextBatch() -> [Waiting]? {
    state.withLock { state in
      var size = 0
      let batch = state.waiting.prefix { waiting in
        defer { size += waiting.record.size }
        return size < Self.largestBatch
      }
      guard !batch.isEmpty else {
        state.isRunning = false
        return nil
      }
      state.waiting.removeFirst(batch.count)
      return Array(batch)
    }
  }

  private func segment(for size: Int) throws(FileError) -> ArrivalsSegment {
    let (current, failure) = state.withLock { ($0.current, $0.failure) }
    if let failure { throw failure }
    if let current {
      if current.end == 0 || current.end + size <= segmentSize { return current }
      closeCurrent()
    }
    if state.withLock({ $0.closed.count }) >= Self.mostSegments { releaser.wait() }
    if let free = state.withLock({ $0.free.popLast() }) {
      free.reopen()
      state.withLock { $0.current = free }
      return free
    }
    return try create()
  }

  private func create() throws(FileError) -> ArrivalsSegment {
    let number = state.withLock { state in
      state.count += 1
      return state.count
    }
    let segment = try ArrivalsSegment(creating: "\(directory)/\(number)")
    do throws(FileError) { try FileObjectStore.syncDirectory(directory) } catch {
      unlink(segment.path)
      throw error
    }
    state.withLock { $0.current = segment }
    return segment
  }

  /// On the writer's thread.
  private func closeCurrent() {
    let closed = state.withLock { state -> ArrivalsSegment? in
      defer { state.current = nil }
      if let current = state.current { state.closed.append(current) }
      return state.current
    }
    if let closed, closed.close() { release(closed) }
  }

  /// Nothing in the segment is needed once all that was written to the file system is on the disk.
  private func release(_ segment: ArrivalsSegment) {
    releaser.perform { self.releaseNow(segment) }
  }

  private func releaseNow(_ segment: ArrivalsSegment) {
    do throws(FileError) { try syncFiles(of: segment.fewKeys) } catch {
      // Its objects' files may be lost, and no later sync would say so: the segment stays for the next start.
      let groups = state.withLock { state in
        state.failure = error
        return Self.takeGroups(waitingFor: segment, from: &state)
      }
      return groups.forEach { $0.leave() }
    }
    let groups = state.withLock { state in
      state.closed.removeAll { $0 === segment }
      let groups = Self.takeGroups(waitingFor: segment, from: &state)
      if groups.isEmpty, !segment.isSpoilt { state.free.append(segment) }
      return groups
    }
    guard !groups.isEmpty || segment.isSpoilt else { return }
    unlink(segment.path)
    for group in groups { group.leave() }
  }

  private static func takeGroups(waitingFor segment: ArrivalsSegment, from state: inout State) -> [DispatchGroup] {
    defer { state.condemned.removeAll { $0.segment === segment } }
    return state.condemned.filter { $0.segment === segment }.map(\.group)
  }

  /// Few one by one: on a busy machine a sync of the file system waits for what others wrote.
  private func syncFiles(of few: [ObjectKey]?) throws(FileError) {
    guard let few else { return try syncFileSystem() }
    let files = few.map(paths.path(of:))
    var folders: Set<String> = []
    for path in files where try sync(path) {
      folders.insert(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
    }
    for folder in folders { try FileObjectStore.syncDirectory(folder) }
  }

  /// False where there is none: the object was not kept, or laid aside.
  private func sync(_ path: String) throws(FileError) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      guard errno == ENOENT else { throw FileError("open", path) }
      return false
    }
    defer { close(descriptor) }
    // Nobody waits for a pipe that somebody put there.
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    guard fsync(descriptor) == 0 else { throw FileError("sync", path) }
    return true
  }

  /// All of the file system: the files of a segment are thousands, and a sync of each would flush the disk as often.
  private func syncFileSystem() throws(FileError) {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", directory) }
    defer { close(descriptor) }
    guard clinux_sync_file_system(descriptor) == 0 else { throw FileError("sync", directory) }
  }
}

extension ArrivalsLog {
  /// Lets go of all that is in the log now: its bytes are in the objects' own files, or deleted. Blocks until the segments'
  /// files are gone; false where that did not come to pass within half a minute. `isLast`: nothing is on its way any more, and
  /// what is not in the index by now will not be.
  func forget(isLast: Bool = false) throws(FileError) -> Bool {
    guard state.withLock({ $0.failure == nil }) else { return false }
    let group = DispatchGroup()
    group.enter()
    let isWhole = Mutex(true)
    writer.perform {
      let all = self.condemnAll(group, sparingPending: isLast)
      isWhole.withLock { $0 = all }
      group.leave()
    }
    guard group.wait(timeout: .now() + 30) == .success else { return false }
    if state.withLock({ $0.count }) > 0 { try FileObjectStore.syncDirectory(directory) }
    return state.withLock { $0.failure == nil } && isWhole.withLock(\.self)
  }

  /// False where a segment was spared.
  private func condemnAll(_ group: DispatchGroup, sparingPending: Bool) -> Bool {
    let (free, isWhole) = state.withLock { state in
      let segments = state.closed + (state.current.map { [$0] } ?? [])
      let condemned = sparingPending ? segments.filter { !$0.hasPending } : segments
      for segment in condemned {
        group.enter()
        state.condemned.append((segment, group))
      }
      defer { state.free = [] }
      return (state.free, condemned.count == segments.count)
    }
    for segment in free { unlink(segment.path) }
    closeCurrent()
    return isWhole
  }

  /// The files that a crash left, in the order in which they were begun.
  func leftovers() throws(FileError) -> [String] {
    try FileObjectStore.names(in: directory).sorted {
      (Int($0) ?? 0, $0) < (Int($1) ?? 0, $1)
    }.map { "\(directory)/\($0)" }
  }

  /// Removes them, once all that was in them (`keys`) has its place: first that is synced.
  func sweep(_ leftovers: [String], _ keys: [ObjectKey]) throws(FileError) {
    guard !leftovers.isEmpty else { return }
    try syncFiles(of: keys.count > ArrivalsSegment.few ? nil : keys)
    for path in leftovers {
      guard unlink(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
    }
    try FileObjectStore.syncDirectory(directory)
  }
}

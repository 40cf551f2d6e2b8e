// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Glibc
import Synchronization

/// One file of the arrivals log. It is written from its beginning to its end, and again once all in it is safe elsewhere: a
/// sync of blocks that the file has already takes no commit of the file system's own journal.
///
/// Each pass has a number by chance, which its records carry: what an earlier pass left behind is none of this one.
final class ArrivalsSegment: Sendable {
  /// As `pwrite`: a test is a disk that becomes full.
  typealias Writing = @Sendable (CInt, UnsafeRawPointer?, Int, off_t) -> Int

  /// As `fdatasync`.
  typealias Syncing = @Sendable (CInt) -> CInt

  let path: String
  private let descriptor: CInt
  private let writing: Writing
  private let syncing: Syncing
  private let state = Mutex(State())

  private struct State {
    var pass: [UInt8] = []
    var end = 0
    /// Kept, and the index does not know them for good yet: where their records begin.
    var pending: [ObjectKey: Int] = [:]
    var isClosed = false
    var isSpoilt = false
    /// What this pass has had, as far as it is few.
    var keys: [ObjectKey] = []
  }

  /// So many files are synced one by one; of more, the file system is.
  static let few = 64

  private static let magic = Array("CLMTRLOG".utf8)
  /// The magic, and the number of the pass.
  private static let headSize = 24

  /// The file has to be new; its name is not synced yet.
  init(
    creating path: String, writing: @escaping Writing = { pwrite($0, $1, $2, $3) },
    syncing: @escaping Syncing = { fdatasync($0) }
  ) throws(FileError) {
    self.path = path
    self.writing = writing
    self.syncing = syncing
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError("create", path) }
  }

  deinit {
    Glibc.close(descriptor)
  }

  /// What this pass has had; nil where that is many.
  var fewKeys: [ObjectKey]? { state.withLock { $0.keys.count > Self.few ? nil : $0.keys } }

  /// Bytes that are in use.
  var end: Int { state.withLock { $0.end } }

  /// Written and synced, all in one. After a failure the next begins at the same place, unless what there is of this one cannot
  /// be taken back: then nothing may be written any more. For one thread at a time.
  func append(_ records: [ArrivalsRecord]) throws(FileError) {
    let (pass, end) = state.withLock { state in
      if state.end == 0 { state.pass = Self.newPass() }
      return (state.pass, state.end)
    }
    var room: [UInt8] = []
    room.reserveCapacity(records.reduce(64) { $0 + $1.size })
    if end == 0 { room += Self.magic + pass }
    for record in records { record.encode(pass: pass, into: &room) }
    do throws(FileError) {
      try write(room, at: end)
      guard syncing(descriptor) == 0 else {
        let error = FileError("sync", path)
        state.withLock { $0.isSpoilt = true }
        throw error
      }
    } catch {
      try cut(to: end)
      throw error
    }
    state.withLock { state in
      state.end = end + room.count
      var offset = end == 0 ? Self.headSize : end
      for record in records {
        state.pending[record.key] = offset
        offset += record.size
      }
      if state.keys.count <= Self.few { state.keys += records.map(\.key) }
    }
  }

  /// What a failed write or sync left: whole records of this pass, that were refused, behind which others would be found after a
  /// crash as if they had been kept.
  private func cut(to end: Int) throws(FileError) {
    guard ftruncate(descriptor, off_t(end)) == 0, syncing(descriptor) == 0 else { throw FileError("cut back", path) }
  }

  private static func newPass() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<16).map { _ in generator.next() as UInt8 }
  }

  private func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        writing(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileError("write", path) }
      done += count
    }
  }

  /// A sync of it failed: it is written no more.
  var isSpoilt: Bool { state.withLock { $0.isSpoilt } }

  var hasPending: Bool { state.withLock { !$0.pending.isEmpty } }

  func isPending(_ key: ObjectKey) -> Bool { state.withLock { $0.pending[key] != nil } }

  /// No start after a crash takes them in any more: their senders hear that they are not kept. For the thread that appends: two
  /// syncs at once would share one report of a failure.
  func void(_ keys: [ObjectKey]) throws(FileError) {
    let offsets = state.withLock { state in keys.compactMap { state.pending[$0] } }
    guard !offsets.isEmpty else { return }
    for offset in offsets { try write([ArrivalsRecord.void], at: offset) }
    guard syncing(descriptor) == 0 else {
      let error = FileError("sync", path)
      state.withLock { $0.isSpoilt = true }
      throw error
    }
  }

  /// True when nothing of a closed segment is needed any longer, once.
  func settle(_ key: ObjectKey) -> Bool {
    state.withLock { state in
      state.pending.removeValue(forKey: key) != nil && state.pending.isEmpty && state.isClosed
    }
  }

  /// Takes no more. True when nothing of it is needed any longer.
  func close() -> Bool {
    let (end, isDone) = state.withLock { state in
      state.isClosed = true
      return (state.end, state.pending.isEmpty)
    }
    // What a longer pass before this one left behind.
    ftruncate(descriptor, off_t(end))
    return isDone
  }

  /// For another pass.
  func reopen() {
    state.withLock { state in
      state.isClosed = false
      state.end = 0
      state.keys = []
    }
  }

  /// The whole records of a file that a crash left, in the order in which they came, without the void ones.
  static func records(at path: String) throws(FileError) -> [ArrivalsRecord] {
    let file = try contents(of: path)
    guard file.count >= headSize, file.prefix(8).elementsEqual(magic) else { return [] }
    let pass = Array(file[8..<headSize])
    var records: [ArrivalsRecord] = []
    var offset = headSize
    while let record = ArrivalsRecord(decoding: file, at: offset, pass: pass) {
      if !record.isVoid { records.append(record) }
      offset += record.size
    }
    return records
  }

  private static func contents(of path: String) throws(FileError) -> [UInt8] {
    let file = try OpenFile(reading: path)
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 1 << 20)
    while case let count = try file.read(into: &room, at: bytes.count), count > 0 { bytes += room[..<count] }
    return bytes
  }
}

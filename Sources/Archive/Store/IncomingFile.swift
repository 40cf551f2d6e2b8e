// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The file that an object is written to while it arrives. It blocks: for file threads only.
final class IncomingFile: ObjectSink {
  let key: ObjectKey
  private let store: FileObjectStore
  private var descriptor: CInt
  private(set) var size = 0

  init(_ key: ObjectKey, in store: FileObjectStore) throws(FileError) {
    self.store = store
    self.key = key
    let path = store.incomingPath(of: key)
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError("create", path) }
  }

  deinit {
    // Dropped without a word: what had arrived is no object.
    if descriptor >= 0 { removeAll() }
  }

  nonisolated(nonsending) func write(_ chunk: some ByteChunk) async throws(StoreError) {
    // A closure that rethrows cannot say what it throws.
    let result = chunk.withBytes { bytes in Result { () throws(FileError) in try write(bytes) } }
    do throws(FileError) { try result.get() } catch { throw StoreError(error) }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileError("write", store.incomingPath(of: key)) }
      rest = rest.dropFirst(count)
      size += count
    }
  }

  nonisolated(nonsending) func keep(_ amendment: Amendment?) async throws(StoreError) {
    do throws(FileError) { try keepNow(amendment) } catch { throw StoreError(error) }
  }

  /// Given its place, and both synced, at the same time: with its name there before, one journal commit takes both. Should the
  /// power go before both are, the digest in its head tells whether it is whole. After a failed sync the file is given up: the
  /// kernel may have dropped what it could not write, and a second sync would lie.
  private func keepNow(_ amendment: Amendment?) throws(FileError) {
    if let amendment { try amend(amendment) }
    try store.place(key)
    let place = store.directorySyncs.begin(store.shelf(of: key))
    let bytes = Result { () throws(FileError) in try syncNow() }
    try place.wait()
    try bytes.get()
  }

  private func syncNow() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw FileError("sync", store.path(of: key)) }
    let closing = close(descriptor)
    descriptor = -1
    guard closing == 0 else { throw FileError("close", store.path(of: key)) }
  }

  private func amend(_ amendment: Amendment) throws(FileError) {
    let count = amendment.bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, amendment.offset) }
    guard count == amendment.bytes.count else { throw FileError("write", store.incomingPath(of: key)) }
  }

  /// Until now the object had two names: what has one in `incoming` after a crash is what the index may not know.
  nonisolated(nonsending) func settle() async {
    unlink(store.incomingPath(of: key))
  }

  nonisolated(nonsending) func discard() async { removeAll() }

  nonisolated(nonsending) func refuse() async {
    removeAll()
    // Without a name among the incoming nothing brings it into the index.
    for directory in [store.incoming, store.shelf(of: key)] { try? FileObjectStore.syncDirectory(directory) }
  }

  private func removeAll() {
    if descriptor >= 0 {
      close(descriptor)
      descriptor = -1
    }
    unlink(store.incomingPath(of: key))
    unlink(store.path(of: key))
  }
}

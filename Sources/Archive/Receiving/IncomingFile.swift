// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The file that an object is written to while it arrives. It blocks: for file threads only.
final class IncomingFile {
  let key: ObjectStore.Key
  private let store: ObjectStore
  private var descriptor: CInt
  private(set) var size = 0

  init(in store: ObjectStore) throws(FileError) {
    self.store = store
    key = .random()
    let path = store.incomingPath(of: key)
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError("create", path) }
  }

  deinit {
    // Dropped without a word: what had arrived is no object.
    if descriptor >= 0 { discard() }
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

  /// Synced, in its place, and the place synced. After a failed sync the file is given up: the kernel may have dropped what
  /// it could not write, and a second sync would lie.
  func keep() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw FileError("sync", store.incomingPath(of: key)) }
    let closing = close(descriptor)
    descriptor = -1
    guard closing == 0 else { throw FileError("close", store.incomingPath(of: key)) }
    try store.shelve(key)
  }

  /// Nothing stays, whether or not it was in its place already.
  func discard() {
    closeDescriptor()
    unlink(store.incomingPath(of: key))
    unlink(store.path(of: key))
  }

  private func closeDescriptor() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
  }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An object while it arrives: in memory as long as it is small, in a file of its own from there on. It blocks: for file
/// threads only.
final class IncomingObject: ObjectSink {
  let key: ObjectKey
  private let store: FileObjectStore
  private var bytes: [UInt8] = []
  /// nil while the object is small.
  private var file: IncomingFile?
  /// Where a small one is safe; nil before it is kept.
  private var segment: ArrivalsSegment?

  init(in store: FileObjectStore) {
    self.store = store
    key = .random()
  }

  var size: Int { file?.size ?? bytes.count }

  nonisolated(nonsending) func write(_ chunk: some ByteChunk) async throws(StoreError) {
    // A closure that rethrows cannot say what it throws.
    let result = chunk.withBytes { bytes in Result { () throws(FileError) in try write(bytes) } }
    do throws(FileError) { try result.get() } catch { throw StoreError(error) }
  }

  private func write(_ chunk: UnsafeRawBufferPointer) throws(FileError) {
    if let file { return try file.write(chunk) }
    guard bytes.count + chunk.count > ArrivalsLog.largestObject else {
      bytes += chunk
      return
    }
    let file = try IncomingFile(key, in: store)
    self.file = file
    let beginning = bytes
    bytes = []
    let result = beginning.withUnsafeBytes { bytes in Result { () throws(FileError) in try file.write(bytes) } }
    try result.get()
    try file.write(chunk)
  }

  nonisolated(nonsending) func keep(_ amendment: Amendment?) async throws(StoreError) {
    if let file { return try await file.keep(amendment) }
    if let amendment { try amendment.apply(to: &bytes) }
    do throws(FileError) { try await keepInLog() } catch { throw StoreError(error) }
  }

  /// In the log, which is synced, and then in a file of its own, which need not be: the log has it until that is.
  nonisolated(nonsending) private func keepInLog() async throws(FileError) {
    let record = ArrivalsRecord(key, bytes)
    bytes = []
    let segment = try await store.arrivals.append(record)
    self.segment = segment
    do throws(FileError) { try store.create(record) } catch {
      await refuseInLog()
      throw error
    }
  }

  private func settleInLog() {
    if let segment { store.arrivals.settle(key, in: segment) }
    segment = nil
  }

  nonisolated(nonsending) func settle() async {
    await file?.settle()
    settleInLog()
  }

  nonisolated(nonsending) func refuse() async {
    bytes = []
    if let file { return await file.refuse() }
    await refuseInLog()
  }

  nonisolated(nonsending) private func refuseInLog() async {
    guard let segment else { return }
    self.segment = nil
    await store.refuse(key, in: segment)
  }

  nonisolated(nonsending) func discard() async {
    bytes = []
    if let file { return await file.discard() }
    guard segment != nil else { return }
    unlink(store.path(of: key))
    settleInLog()
  }
}

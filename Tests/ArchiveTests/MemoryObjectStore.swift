// SPDX-License-Identifier: Apache-2.0

import Synchronization

@testable import Archive

/// Objects in memory: what the archive asks of a store, once more and without files; and one that fails when told to.
final class MemoryObjectStore: ObjectStore {
  enum Step: Sendable, Hashable { case begin, write, keep, read, remove }

  private struct State {
    var objects: [ObjectKey: [UInt8]] = [:]
    var failures: [Step: StoreError] = [:]
  }

  private let state = Mutex(State())

  /// From now on the step fails; nil for no longer.
  func fail(_ step: Step, with error: StoreError?) {
    state.withLock { $0.failures[step] = error }
  }

  var count: Int { state.withLock { $0.objects.count } }

  nonisolated(nonsending) func begin() async throws(StoreError) -> any ObjectSink {
    try check(.begin)
    return Sink(in: self)
  }

  private final class Kept: KeptObject, Sendable {
    let store: MemoryObjectStore
    let key: ObjectKey

    init(_ key: ObjectKey, in store: MemoryObjectStore) {
      self.store = store
      self.key = key
    }

    nonisolated(nonsending) func settle() async {}

    nonisolated(nonsending) func discard() async { store.put(nil, as: key) }

    nonisolated(nonsending) func refuse() async { await discard() }
  }

  func keep(_ bytes: [UInt8], as key: ObjectKey, begun: @escaping @Sendable (Keeping) -> Void) {
    let keeping = Keeping()
    keeping.settle(
      Result { () throws(StoreError) in
        for step in [Step.begin, .write, .keep] { try check(step) }
        put(bytes, as: key)
        return Kept(key, in: self)
      })
    begun(keeping)
  }

  func read(_ range: Range<Int>, of key: ObjectKey) async throws(StoreError) -> [UInt8] {
    try check(.read)
    let object = try object(key)
    return Array(object[range.clamped(to: object.indices)])
  }

  private struct Copied: ReadableBytes {
    let bytes: [UInt8]
    var count: Int { bytes.count }
    var stamp: FileStamp? { nil }

    func copy(to memory: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
      let count = min(memory.count, bytes.count)
      memory.copyBytes(from: bytes.prefix(count))
      return count
    }
  }

  func read<Value: Sendable>(
    _ ranges: [(range: Range<Int>, key: ObjectKey)],
    _ take: @escaping @Sendable (any ReadableBytes) throws(StoreError) -> Value
  ) async -> [Result<Value, StoreError>] {
    ranges.map { range, key in
      Result { () throws(StoreError) in
        try check(.read)
        let object = try object(key)
        return try take(Copied(bytes: Array(object[range.clamped(to: object.indices)])))
      }
    }
  }

  func size(of key: ObjectKey) async throws(StoreError) -> Int { try object(key).count }

  func remove(_ key: ObjectKey) async throws(StoreError) {
    try check(.remove)
    state.withLock { $0.objects[key] = nil }
  }

  func setAside(_ key: ObjectKey) async throws(StoreError) {
    state.withLock { $0.objects[key] = nil }
  }

  /// As a failing disk would: bytes of the object are others than were kept.
  func damage(_ key: ObjectKey) {
    state.withLock { state in
      guard let last = state.objects[key]?.indices.last else { return }
      state.objects[key]?[last] ^= 1
    }
  }

  func keys(after last: ObjectKey?) async throws(StoreError) -> [ObjectKey] {
    let keys = state.withLock { $0.objects.keys.sorted() }
    return Array(keys.filter { key in last.map { $0 < key } ?? true }.prefix(100))
  }

  private func object(_ key: ObjectKey) throws(StoreError) -> [UInt8] {
    guard let object = state.withLock({ $0.objects[key] }) else {
      throw StoreError(.missing, "there is no \(key.name)")
    }
    return object
  }

  fileprivate func check(_ step: Step) throws(StoreError) {
    if let failure = state.withLock({ $0.failures[step] }) { throw failure }
  }

  fileprivate func put(_ bytes: [UInt8]?, as key: ObjectKey) {
    state.withLock { $0.objects[key] = bytes }
  }

  private final class Sink: ObjectSink {
    let key = ObjectKey.random()
    private let store: MemoryObjectStore
    private var bytes: [UInt8] = []

    init(in store: MemoryObjectStore) {
      self.store = store
    }

    var size: Int { bytes.count }

    nonisolated(nonsending) func write(_ chunk: some ByteChunk) async throws(StoreError) {
      try store.check(.write)
      bytes += chunk.withBytes { Array($0) }
    }

    nonisolated(nonsending) func keep(_ amendment: Amendment?) async throws(StoreError) {
      try store.check(.keep)
      if let amendment {
        bytes.replaceSubrange(amendment.offset..<amendment.offset + amendment.bytes.count, with: amendment.bytes)
      }
      store.put(bytes, as: key)
    }

    nonisolated(nonsending) func settle() async {}

    nonisolated(nonsending) func discard() async { store.put(nil, as: key) }

    nonisolated(nonsending) func refuse() async { await discard() }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Where the bytes of objects are kept, under keys that say nothing: put as a stream, read by range, never by path.
protocol ObjectStore: Sendable {
  /// Begins an object. It is nowhere to be seen until it is kept. Runs where the caller does, which has to be a place that
  /// may wait for a disk.
  nonisolated(nonsending) func begin() async throws(StoreError) -> any ObjectSink

  /// Keeps a small object that is whole. It waits for the disk in a place of its own, where `begun` is called when that begins,
  /// once; it may not wait for anything.
  func keep(_ bytes: [UInt8], as key: ObjectKey, begun: @escaping @Sendable (Keeping) -> Void)

  /// The bytes of a range, fewer where the object ends before.
  func read(_ range: Range<Int>, of key: ObjectKey) async throws(StoreError) -> [UInt8]

  /// Reads ranges of several objects one behind the other, in a place that may wait for a disk: `take` has each read to where
  /// it wants it. One result for each, in their order.
  func read<Value: Sendable>(
    _ ranges: [(range: Range<Int>, key: ObjectKey)],
    _ take: @escaping @Sendable (any ReadableBytes) throws(StoreError) -> Value
  ) async -> [Result<Value, StoreError>]

  /// Bytes of the object.
  func size(of key: ObjectKey) async throws(StoreError) -> Int

  /// Durable like a keeping. What is not there is removed already.
  func remove(_ key: ObjectKey) async throws(StoreError)

  /// What is under the key is not what was kept: it is served no longer, and laid aside where an administrator may look at
  /// it. What is not there is laid aside already.
  func setAside(_ key: ObjectKey) async throws(StoreError)

  /// Some of the kept objects' keys, each once, in an order of the store's own; `last`: the last of the page before. Empty
  /// at the end.
  func keys(after last: ObjectKey?) async throws(StoreError) -> [ObjectKey]
}

/// Bytes of an object that lie ready to be read.
package protocol ReadableBytes {
  /// How many there are; fewer than were asked for where the object ends before.
  var count: Int { get }

  /// nil where the store does not know.
  var stamp: FileStamp? { get }

  /// Reads all of them, or as many as `memory` has room for; returns how many.
  func copy(to memory: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int
}

/// An object on its way into a store. Who drops it without keeping it leaves nothing behind.
protocol ObjectSink: KeptObject {
  var key: ObjectKey { get }
  /// Bytes that were written so far.
  var size: Int { get }

  nonisolated(nonsending) func write(_ chunk: some ByteChunk) async throws(StoreError)

  /// When this returns, the object survives a power cut under its key. After a failure it is given up for good.
  /// `amendment`: what of the beginning was not known when it was written.
  nonisolated(nonsending) func keep(_ amendment: Amendment?) async throws(StoreError)
}

/// An object that a store keeps, as long as the index may not know it.
protocol KeptObject: AnyObject {
  /// The index knows the object: that it was on its way need not be remembered any longer.
  nonisolated(nonsending) func settle() async

  /// Nothing stays, kept or not.
  nonisolated(nonsending) func discard() async

  /// The same, and its sender hears that it is not kept: no start after a crash finds it either, as far as the disk allows.
  nonisolated(nonsending) func refuse() async
}

/// Bytes that take the place of others, within the first 64 KiB of an object.
struct Amendment: Sendable {
  let offset: Int
  let bytes: [UInt8]

  func apply(to object: inout [UInt8]) throws(StoreError) {
    let range = offset..<offset + bytes.count
    guard range.clamped(to: object.indices) == range else { throw StoreError(.failed, "an amendment behind the end") }
    object.replaceSubrange(range, with: bytes)
  }
}

/// What a store cannot do.
package struct StoreError: Error, Sendable, CustomStringConvertible {
  enum Kind: Sendable, Hashable {
    /// No space, quota, descriptors: another time it may go.
    case exhausted
    /// The store is not to be written to.
    case readOnly
    /// What was said to be on the disk may not be: nothing more may be promised.
    case untrustworthy
    case missing
    case failed
  }

  let kind: Kind
  package let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

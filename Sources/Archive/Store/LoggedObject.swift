// SPDX-License-Identifier: Apache-2.0

/// A small object that the arrivals log has, and that has its file. Unlike a sink it blocks nowhere.
final class LoggedObject: KeptObject, Sendable {
  private let key: ObjectKey
  private let store: FileObjectStore
  private let segment: ArrivalsSegment

  init(_ key: ObjectKey, in store: FileObjectStore, _ segment: ArrivalsSegment) {
    self.key = key
    self.store = store
    self.segment = segment
  }

  nonisolated(nonsending) func settle() async { store.arrivals.settle(key, in: segment) }

  nonisolated(nonsending) func discard() async {
    await store.drop(key)
    store.arrivals.settle(key, in: segment)
  }

  nonisolated(nonsending) func refuse() async { await store.refuse(key, in: segment) }
}

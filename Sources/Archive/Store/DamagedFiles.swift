// SPDX-License-Identifier: Apache-2.0

import GRDB
import Synchronization

/// Takes an object out of service of which somebody who was to have it read other bytes than were received, as a check would:
/// once it was read again, for a cable may have read it wrong.
final class DamagedFiles: Sendable {
  private let store: FileObjectStore
  private let database: DatabasePool
  /// Whoever asks again meanwhile finds it the same.
  private let looking = Mutex<Set<ObjectKey>>([])

  init(store: FileObjectStore, database: DatabasePool) {
    self.store = store
    self.database = database
  }

  /// `digest`: of the data set, as it was received. Returns at once.
  func note(_ object: ObjectKey, digest: [UInt8]) {
    guard looking.withLock({ $0.insert(object).inserted }) else { return }
    Task {
      try? await OperationThread.run { [self] in try look(object, digest) }
      _ = looking.withLock { $0.remove(object) }
    }
  }

  /// What cannot be read says nothing of its bytes. Blocks.
  private func look(_ object: ObjectKey, _ digest: [UInt8]) throws {
    OpenFile.forget(store.path(of: object))
    guard try StoredObject(object, in: store).dataSetDigest() != digest else { return }
    _ = try Damage(fault: .wrongDigest, store: store, database: database).takeOutOfService(object)
  }
}

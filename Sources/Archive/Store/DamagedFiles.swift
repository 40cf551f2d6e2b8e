// SPDX-License-Identifier: Apache-2.0

import Dispatch
import GRDB
import Synchronization

/// Takes an object out of service of which somebody who was to have it read other bytes than were received, as a check would:
/// once it was read again, for a cable may have read it wrong.
final class DamagedFiles: Sendable {
  private let store: FileObjectStore
  private let database: DatabasePool
  /// Whoever asks again meanwhile finds it the same.
  private let looking = Mutex<Set<ObjectKey>>([])
  /// One by one: where a disk has many of them, others wait for their threads.
  private let queue = DispatchQueue(label: "collimator.damaged", qos: .utility)

  /// More are found when somebody asks for them again.
  private static let most = 1_000

  init(store: FileObjectStore, database: DatabasePool) {
    self.store = store
    self.database = database
  }

  /// `digest`: of the data set, as it was received. Returns at once.
  func note(_ object: ObjectKey, digest: [UInt8]) {
    guard looking.withLock({ $0.count < Self.most && $0.insert(object).inserted }) else { return }
    queue.async { [self] in
      // What cannot be taken out of service now is left to a check.
      try? look(object, digest)
      _ = looking.withLock { $0.remove(object) }
    }
  }

  /// Blocks until all that was noted is looked at.
  func wait() { queue.sync {} }

  /// What cannot be read says nothing of its bytes. Blocks.
  private func look(_ object: ObjectKey, _ digest: [UInt8]) throws {
    OpenFile.forget(store.path(of: object))
    guard try StoredObject(object, in: store).dataSetDigest() != digest else { return }
    _ = try Damage(fault: .wrongDigest, store: store, database: database).takeOutOfService(object)
  }
}

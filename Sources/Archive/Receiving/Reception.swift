// SPDX-License-Identifier: Apache-2.0

import Access
import Synchronization

/// One object on its way in. Its bytes are gathered here until they are worth a way to the thread that waits for the disk;
/// a small object goes it once.
package final class Reception: Sendable {
  private let intake: Intake
  private let gathered = Mutex<[UInt8]>([])

  /// Bytes.
  private static let worthTheWay = ArrivalsLog.largestObject

  init(
    _ announcement: Announcement, arrival: Arrival, from actor: AuditActor, thread: FileThread,
    in surroundings: ReceptionSurroundings
  ) throws(ReceptionError) {
    intake = try Intake(announcement, arrival: arrival, from: actor, thread: thread, in: surroundings)
  }

  package func append(_ chunk: some ByteChunk) async throws(ReceptionError) {
    let bytes = gathered.withLock { gathered -> [UInt8]? in
      chunk.withBytes { gathered += $0 }
      guard gathered.count >= Self.worthTheWay else { return nil }
      defer { gathered = [] }
      return gathered
    }
    if let bytes { try await intake.append(GatheredBytes(bytes: bytes)) }
  }

  /// The object has arrived in full. When this returns it survives a power cut: bytes and index are on the disk.
  package func commit() async throws(ReceptionError) -> Receipt {
    try await intake.commit(GatheredBytes(bytes: take()))
  }

  /// Nothing of the object stays.
  package func abandon() async {
    _ = take()
    await intake.abandon()
  }

  private func take() -> [UInt8] {
    gathered.withLock { gathered in
      defer { gathered = [] }
      return gathered
    }
  }
}

struct GatheredBytes: ByteChunk {
  let bytes: [UInt8]

  func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
    try bytes.withUnsafeBytes(body)
  }
}

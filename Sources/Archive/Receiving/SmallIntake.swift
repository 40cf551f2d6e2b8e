// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData

/// One small object, whole and in memory: read where its association runs, for that takes less than to wake another thread. All
/// that waits for the disk is done by two threads for everybody: while the one writes the object, the other prepares its row.
struct SmallIntake {
  /// Of the data set; what takes long to read is none for a thread that others are connected on too.
  static let largestObject = 16 << 10

  let announcement: Announcement
  let syntax: TransferSyntax
  let arrival: Arrival
  let actor: AuditActor
  let surroundings: ReceptionSurroundings

  private struct Indexed: Sendable {
    let kept: any KeptObject & Sendable
    let addition: Result<Addition, IndexError>
  }

  /// When this returns the object survives a power cut: bytes and index are on the disk.
  func commit(_ dataSet: [UInt8]) async throws(ReceptionError) -> Receipt {
    let (record, file) = try read(dataSet)
    let indexed: Indexed
    do throws(StoreError) {
      indexed = try await keepAndIndex(record, file).get()
    } catch {
      if error.kind == .untrustworthy { surroundings.gate.close(because: error.description) }
      throw ReceptionError(error)
    }
    return try await Indexing(surroundings: surroundings).add(record, indexed.kept, first: indexed.addition)
  }

  private func read(_ dataSet: [UInt8]) throws(ReceptionError) -> (InstanceRecord, file: [UInt8]) {
    var reading = ObjectReading(announcement, in: syntax, arrival: arrival, from: actor, surroundings)
    let (head, digestOffset) = reading.head
    var file: [UInt8] = []
    file.reserveCapacity(head.count + dataSet.count)
    file += head
    file += dataSet
    do {
      try dataSet.withUnsafeBytes { try reading.take($0) }
      let record = try reading.record(of: .random(), size: file.count)
      if let amendment = ObjectReading.amendment(for: record, at: digestOffset) { try amendment.apply(to: &file) }
      try surroundings.gate.requireOpen()
      return (record, file)
    } catch {
      throw ReceptionError(any: error)
    }
  }

  /// Nobody else wakes up.
  private func keepAndIndex(_ record: InstanceRecord, _ file: [UInt8]) async -> Result<Indexed, StoreError> {
    await withCheckedContinuation { continuation in
      let index = surroundings.index
      surroundings.store.keep(file, as: record.object) { keeping in
        index.add(record, once: keeping) { addition in
          continuation.resume(returning: keeping.wait().map { Indexed(kept: $0, addition: addition) })
        }
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Synchronization

/// One object on its way in. Its bytes are gathered here until they are worth a way to the thread that waits for the disk;
/// a small object goes none.
package final class Reception: Sendable {
  private struct State {
    var gathered: [UInt8] = []
    /// Of an object that is not small.
    var intake: Intake?
    var isOver = false
  }

  private let announcement: Announcement
  private let arrival: Arrival
  private let actor: AuditActor
  private let threads: FileThreads
  private let syntax: TransferSyntax
  private let surroundings: ReceptionSurroundings
  private let state = Mutex(State())

  /// Bytes.
  private static let worthTheWay = ArrivalsLog.largestObject
  /// What comes in pieces like this is going to be more.
  private static let muchAtOnce = 32 << 10

  init(
    _ announcement: Announcement, arrival: Arrival, from actor: AuditActor, threads: FileThreads,
    in surroundings: ReceptionSurroundings
  ) throws(ReceptionError) {
    guard let syntax = TransferSyntax(uid: announcement.transferSyntaxUID) else {
      throw ReceptionError(.doesNotMatch, "the transfer syntax is none that can be stored")
    }
    try surroundings.gate.requireOpen()
    try surroundings.space.requireRoom()
    self.syntax = syntax
    self.announcement = announcement
    self.arrival = arrival
    self.actor = actor
    self.threads = threads
    self.surroundings = surroundings
  }

  package func append(_ chunk: some ByteChunk) async throws(ReceptionError) {
    guard !state.withLock({ $0.isOver }) else { throw Self.givenUp }
    let bytes = state.withLock { state -> [UInt8]? in
      chunk.withBytes { bytes in
        // Memory that grows on the way is copied each time.
        if state.gathered.isEmpty, bytes.count >= Self.muchAtOnce {
          state.gathered.reserveCapacity(Self.worthTheWay + bytes.count)
        }
        state.gathered += bytes
      }
      guard state.gathered.count >= Self.worthTheWay else { return nil }
      defer { state.gathered = [] }
      return state.gathered
    }
    guard let bytes else { return }
    try await intake().append(GatheredBytes(bytes: bytes))
    // Nobody else has it any more: the next piece takes its place in memory.
    reuse(bytes)
  }

  private func reuse(_ memory: consuming [UInt8]) {
    memory.removeAll(keepingCapacity: true)
    let memory = memory
    state.withLock { $0.gathered = memory }
  }

  /// The object has arrived in full. When this returns it survives a power cut: bytes and index are on the disk.
  package func commit() async throws(ReceptionError) -> Receipt {
    let (bytes, isWhole) = try take()
    // What it inflates to may not be small at all.
    guard isWhole, !syntax.isDeflated, bytes.count <= SmallIntake.largestObject else {
      return try await intake().commit(GatheredBytes(bytes: bytes))
    }
    return try await SmallIntake(
      announcement: announcement, syntax: syntax, arrival: arrival, actor: actor, surroundings: surroundings
    ).commit(bytes)
  }

  /// Nothing of the object stays.
  package func abandon() async {
    _ = try? take()
    await state.withLock { $0.intake }?.abandon()
  }

  private func intake() -> Intake {
    if let intake = state.withLock({ $0.intake }) { return intake }
    // A reception is for one task at a time.
    let reading = ObjectReading(announcement, in: syntax, arrival: arrival, from: actor, surroundings)
    let intake = Intake(reading, on: threads.lend(), in: surroundings)
    state.withLock { $0.intake = intake }
    return intake
  }

  /// The end of what arrives.
  private func take() throws(ReceptionError) -> (bytes: [UInt8], isWhole: Bool) {
    let taken = state.withLock { state -> (bytes: [UInt8], isWhole: Bool)? in
      guard !state.isOver else { return nil }
      defer { (state.gathered, state.isOver) = ([], true) }
      return (state.gathered, state.intake == nil)
    }
    guard let taken else { throw Self.givenUp }
    return taken
  }

  private static let givenUp = ReceptionError(.unreadable, "the object was given up before")
}

struct GatheredBytes: ByteChunk {
  let bytes: [UInt8]

  func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
    try bytes.withUnsafeBytes(body)
  }
}

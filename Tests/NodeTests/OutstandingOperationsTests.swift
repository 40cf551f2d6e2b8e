// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Node

/// Who waits for whom on one association.
@Suite struct OutstandingOperationsTests {
  /// A C-GET goes on for as long as its peer likes: what waits for the disk does not wait for it.
  @Test(.timeLimit(.minutes(15))) func roomIsNotKeptFromStoresByWhatWaitsForThePeer() async throws {
    let operations = OutstandingOperations()
    let (peer, answer) = AsyncStream.makeStream(of: Void.self)
    operations.begin(1, mayBeCancelled: true) { _ in for await _ in peer {} }
    try await operations.room(below: 1)
    #expect(operations.count == 1)
    answer.finish()
    await operations.endAll()
  }

  @Test(.timeLimit(.minutes(15))) func roomComesWithTheEndOfAStore() async throws {
    let operations = OutstandingOperations()
    let (disk, synced) = AsyncStream.makeStream(of: Void.self)
    operations.begin(1, mayBeCancelled: false) { _ in for await _ in disk {} }
    let room = Task { try await operations.room(below: 1) }
    synced.finish()
    try await room.value
    #expect(operations.count == 0)
  }

  @Test(.timeLimit(.minutes(15))) func whoWaitsForRoomCanBeStopped() async throws {
    let operations = OutstandingOperations()
    let (disk, synced) = AsyncStream.makeStream(of: Void.self)
    operations.begin(1, mayBeCancelled: false) { _ in for await _ in disk {} }
    let room = Task { try await operations.room(below: 1) }
    room.cancel()
    await #expect(throws: CancellationError.self) { try await room.value }
    synced.finish()
    await operations.endAll()
  }

  @Test(.timeLimit(.minutes(15))) func whatMayBeCancelledEndsWithTheConnection() async throws {
    let operations = OutstandingOperations()
    let (peer, answer) = AsyncStream.makeStream(of: Void.self)
    operations.begin(1, mayBeCancelled: true) { _ in for await _ in peer {} }
    operations.cancelAll()
    await operations.endAll()
    #expect(operations.count == 0)
    answer.finish()
  }
}

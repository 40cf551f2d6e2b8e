// SPDX-License-Identifier: Apache-2.0

import GRDB
import Testing

@testable import Archive

/// Rows are prepared while their objects' bytes are on their way to the disk: none of them may be seen before.
@Suite struct KeepingTests {
  private final class Kept: KeptObject, Sendable {
    nonisolated(nonsending) func settle() async {}
    nonisolated(nonsending) func discard() async {}
    nonisolated(nonsending) func refuse() async {}
  }

  private static func record(_ object: TestObject) throws -> InstanceRecord {
    let (header, digest) = try HeaderForTest.headerAndDigest(of: object)
    return try InstanceRecord(
      header, announcement: object.announcement, object: .random(), digest: digest, size: 1,
      arrival: Arrival(sender: "test", callingAETitle: "", time: 1, defaultIssuer: ""), layout: .standard)
  }

  private static func stored(_ archive: Archive) async throws -> [String] {
    try await archive.database.read {
      try String.fetchAll($0, sql: "SELECT v_00080018 FROM instance JOIN arrival ON number = id ORDER BY v_00080018")
    }
  }

  @Test func whatIsNotKeptIsNotIndexedAndTakesNobodyAlong() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let keepings = (1...3).map { _ in Keeping() }
    let told = try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
      for (number, keeping) in keepings.enumerated() {
        let record = try Self.record(TestObject(instance: "1.\(number)"))
        group.addTask {
          let addition = await withCheckedContinuation { continuation in
            archive.index.add(record, once: keeping) { continuation.resume(returning: $0) }
          }
          return (number, (try? addition.get()) == .done(.stored))
        }
      }
      // Nothing is kept yet.
      #expect(try await Self.stored(archive).isEmpty)
      keepings[0].settle(.success(Kept()))
      keepings[1].settle(.failure(StoreError(.exhausted, "no room")))
      keepings[2].settle(.success(Kept()))
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    #expect(told == [0: true, 1: false, 2: true])
    #expect(try await Self.stored(archive) == ["1.0", "1.2"])
    withExtendedLifetime(test) {}
  }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ServiceClasses

/// Conversions of many associations at once: within the memory that there is for all, and each gets its turn.
struct ConversionRoomTests {
  private struct Broken: Error {}

  @Test(arguments: [100, 250, 1000])
  func allComeAndNeverTakeMore(_ limit: Int) async throws {
    let room = ConversionRoom(limit: limit)
    let done = await withTaskGroup(of: Int.self) { group in
      for number in 0..<200 {
        group.addTask {
          await room.withRoom(for: 10 + number % 90) {
            await Task.yield()
            return 1
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(done == 200)
    #expect(await room.mostTaken <= limit)
  }

  @Test func whatIsLargerThanAllComesAloneAndFailuresGiveBack() async throws {
    let room = ConversionRoom(limit: 100)
    for _ in 0..<3 {
      await #expect(throws: Broken.self) {
        try await room.withRoom(for: 5000) { () throws(Broken) -> Int in throw Broken() }
      }
    }
    let outcomes = await withTaskGroup(of: Int.self) { group in
      for bytes in [5000, 60, 60, 5000, 1] { group.addTask { await room.withRoom(for: bytes) { bytes } } }
      return await group.reduce(0, +)
    }
    #expect(outcomes == 10121)
    #expect(await room.mostTaken == 5000)
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Testing

@testable import ServiceClasses

/// Conversions of many associations at once: within the memory that there is for all, and each gets its turn.
struct ConversionRoomTests {
  @Test(arguments: [100, 250, 1000])
  func allComeAndNeverTakeMore(_ limit: Int) async throws {
    let room = ConversionRoom(limit: limit)
    let done = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<200 {
        group.addTask {
          let place = try await room.take(10 + number % 90)
          await Task.yield()
          place.giveBack()
          place.giveBack()
          return 1
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(done == 200)
    #expect(room.mostTaken <= limit && room.taken == 0)
  }

  @Test func whatIsLargerThanAllComesAlone() async throws {
    let room = ConversionRoom(limit: 100)
    let outcomes = try await withThrowingTaskGroup(of: Int.self) { group in
      for bytes in [5000, 60, 60, 5000, 1] {
        group.addTask {
          // Given back with the last who holds it.
          _ = try await room.take(bytes)
          return bytes
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(outcomes == 10121)
    #expect(room.mostTaken == 5000 && room.taken == 0)
  }

  /// Who waits can be stopped, and keeps nobody who comes behind.
  @Test(.timeLimit(.minutes(15))) func whoWaitsCanBeStopped() async throws {
    let room = ConversionRoom(limit: 100)
    let held = try await room.take(60)
    let large = Task { try await room.take(90) }
    while room.waiting < 1 { await Task.yield() }
    let small = Task { try await room.take(40) }
    while room.waiting < 2 { await Task.yield() }
    large.cancel()
    await #expect(throws: CancellationError.self) { _ = try await large.value }
    _ = try await small.value
    #expect(room.waiting == 0)
    held.shrink(to: 10)
    #expect(room.taken <= 50)
    held.giveBack()
  }

  /// What an object takes is told by its beginning; what does not say gets as much as any may take.
  @Test func theBeginningTellsHowMuch() throws {
    func beginning(_ fill: (inout DataSetBuilder) -> Void) -> [UInt8] {
      var object = DataSetBuilder(characterSet: .utf8)
      object.set(.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.2")
      fill(&object)
      return FileMetaInformation.encoded(
        sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: "1.2.3",
        transferSyntaxUID: TransferSyntax.explicitVRLittleEndian.uid, sourceAETitle: "CT")
        + object.encoded(as: .explicitVRLittleEndian)
    }
    let plain = beginning { _ in }
    #expect(ObjectConversion.memory(of: plain, 5000) == 20_000)
    let image = beginning { object in
      object.setIntegers(.rows, .us, [512])
      object.setIntegers(.columns, .us, [256])
      object.setIntegers(.bitsAllocated, .us, [16])
      object.set(.numberOfFrames, .is, "10")
    }
    // Cut off behind what it says of its frames: there the pixels would begin.
    #expect(ObjectConversion.memory(of: image + [0xE0, 0x7F, 0x10, 0x00], 100) == 100 + 3 * 512 * 256 * 2 * 10)
    #expect(ObjectConversion.memory(of: Array(plain.prefix(160)), 100) == 100 + 3 * ObjectConversion.longestObject)
    let vast = beginning { object in
      object.setIntegers(.rows, .us, [65_535])
      object.setIntegers(.columns, .us, [65_535])
      object.set(.numberOfFrames, .is, "2147483647")
    }
    #expect(ObjectConversion.memory(of: vast, 100) == 100 + 3 * ObjectConversion.longestObject)
  }
}

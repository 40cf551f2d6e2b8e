// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import Testing

@testable import DIMSE

/// What arrives is read in order, to its end, by a task that waits for it or comes later; and a peer that is not read is asked
/// for no more.
@Suite struct IndicationQueueTests {
  private struct Broken: Error {}

  @Test(.timeLimit(.minutes(15)), arguments: [false, true])
  func theEndStandsBehindWhatCameBefore(isBroken: Bool) async throws {
    let queue = IndicationQueue()
    for number in 0..<30 { queue.append(Self.piece(number)) }
    queue.finish(throwing: isBroken ? Broken() : nil)
    queue.append(Self.piece(30))
    for number in 0..<30 { #expect(try await queue.next() == Self.piece(number)) }
    if isBroken { await #expect(throws: Broken.self) { try await queue.next() } }
    for _ in 0..<2 { #expect(try await queue.next() == nil) }
  }

  @Test(.timeLimit(.minutes(15)), arguments: [false, true])
  func whoeverWaitsHearsTheEnd(isBroken: Bool) async throws {
    let queue = IndicationQueue()
    async let heard = Self.all(of: queue)
    for number in 0..<1000 { queue.append(Self.piece(number)) }
    for _ in 0..<100 { await Task.yield() }
    queue.finish(throwing: isBroken ? Broken() : nil)
    let (pieces, error) = await heard
    #expect(pieces == (0..<1000).map(Self.piece))
    #expect((error is Broken) == isBroken)
    #expect(try await queue.next() == nil)
  }

  @Test(.timeLimit(.minutes(15))) func aCancelledReaderWaitsNoMore() async throws {
    for isEarly in [true, false] {
      let queue = IndicationQueue()
      let reading = Task { try await queue.next() }
      if !isEarly { for _ in 0..<100 { await Task.yield() } }
      reading.cancel()
      await #expect(throws: CancellationError.self) { try await reading.value }
      queue.append(Self.piece(1))
      queue.finish()
      #expect(try await queue.next() == nil)
    }
  }

  /// Also one that never has to wait.
  @Test(.timeLimit(.minutes(15))) func aCancelledReaderReadsNoMore() async throws {
    let queue = IndicationQueue()
    for number in 0..<30 { queue.append(Self.piece(number)) }
    let reading = Task {
      #expect(try await queue.next() == Self.piece(0))
      withUnsafeCurrentTask { $0?.cancel() }
      return try await queue.next()
    }
    await #expect(throws: CancellationError.self) { try await reading.value }
    queue.append(Self.piece(30))
    #expect(try await queue.next() == nil)
  }

  /// Whatever comes first: one error, and nothing behind it.
  @Test(.timeLimit(.minutes(15))) func cancellationIsToldOnce() async throws {
    for _ in 0..<2000 {
      let queue = IndicationQueue()
      let reading = Task {
        var (errors, behind) = (0, 0)
        while true {
          do {
            guard try await queue.next() != nil else { return (errors, behind) }
            behind += errors
          } catch {
            errors += 1
          }
        }
      }
      let writing = Task {
        for number in 0..<20 { queue.append(Self.piece(number)) }
      }
      reading.cancel()
      await writing.value
      #expect(await reading.value == (1, 0))
    }
  }

  @Test(.timeLimit(.minutes(15))) func whoeverIsNotReadIsAskedForNoMore() async throws {
    let queue = IndicationQueue()
    let asked = Atomic(0)
    func ask() { queue.whenThereIsRoom { asked.add(1, ordering: .relaxed) } }
    func times() -> Int { asked.load(ordering: .relaxed) }
    var number = 0
    while queue.hasRoom, number < 100 {
      queue.append(Self.piece(number))
      number += 1
      ask()
    }
    #expect(number == 10)
    #expect(times() == 9)
    // Bytes that were on their way come all the same.
    queue.append(Self.piece(number))
    for read in 0..<9 {
      #expect(try await queue.next() == Self.piece(read))
      #expect(times() == 9)
    }
    #expect(try await queue.next() == Self.piece(9))
    #expect(times() == 10)
    #expect(queue.hasRoom)
    // Nobody is asked who is gone.
    queue.finish()
    ask()
    #expect(times() == 10)
    #expect(!queue.hasRoom)
  }

  @Test(.timeLimit(.minutes(15))) func whoeverWaitsToWriteIsHeard() async throws {
    let writability = Writability()
    try await writability.wait()
    writability.become(false)
    let waiting = (0..<3).map { _ in Task { try await writability.wait() } }
    let cancelled = Task { try await writability.wait() }
    for _ in 0..<100 { await Task.yield() }
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    writability.become(true)
    for task in waiting { try await task.value }
    writability.become(false)
    let last = Task { try await writability.wait() }
    for _ in 0..<100 { await Task.yield() }
    writability.finish()
    await #expect(throws: ChannelError.self) { try await last.value }
    writability.become(true)
    await #expect(throws: ChannelError.self) { try await writability.wait() }
  }

  /// Others on the event loop have their turn between messages that came at once.
  @Test(.timeLimit(.minutes(15))) func manyMessagesAtOnceAreTakenInTurns() async throws {
    let queue = IndicationQueue()
    let messages = MessageReader(queue)
    var command = CommandSet(.cEchoRQ)
    command.messageID = 1
    for _ in 0..<100 { queue.append(.command(command, contextID: 1)) }
    var turns: [Int] = []
    for number in 1...100 {
      #expect(try await messages.next() != nil)
      if messages.endsTurn() { turns.append(number) }
    }
    #expect(turns == [32, 64, 96])
  }

  private static func all(of queue: IndicationQueue) async -> ([DIMSEIndication], (any Error)?) {
    var heard: [DIMSEIndication] = []
    do {
      while let indication = try await queue.next() { heard.append(indication) }
      return (heard, nil)
    } catch {
      return (heard, error)
    }
  }

  private static func piece(_ number: Int) -> DIMSEIndication {
    .dataSet(ByteBuffer(integer: number), isLast: false)
  }
}

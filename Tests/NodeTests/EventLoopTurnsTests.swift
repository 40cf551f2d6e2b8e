// SPDX-License-Identifier: Apache-2.0

import DIMSE
import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import Node

@Suite struct EventLoopTurnsTests {
  private static let turns = 40

  /// Tells how many turns were taken when it hears of its first byte.
  private final class Listener: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let heard: EventLoopPromise<Int>
    private let taken: () -> Int

    init(_ heard: EventLoopPromise<Int>, _ taken: @escaping () -> Int) {
      (self.heard, self.taken) = (heard, taken)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { heard.succeed(taken()) }
  }

  private final class Count {
    var value = 0
  }

  /// Whoever has sent something is heard behind one turn of a few, however many go on and on, and however long they take.
  @Test(.timeLimit(.minutes(5)), arguments: [1, 2, 10]) func othersAreHeardBetweenTurns(tasks: Int) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    let heard = loop.makePromise(of: Int.self)
    let count = try await loop.submit { NIOLoopBound(Count(), eventLoop: loop) }.get()
    let channel = try await NIOPipeBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Listener(heard) { count.value.value })
        }
      }
      .takingOwnershipOfDescriptor(input: reading).get()
    let executor = EventLoopExecutor(loop)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<tasks {
        group.addTask(executorPreference: executor) {
          for turn in 0..<Self.turns {
            if number == 0, turn == 1 { #expect(write(writing, "x", 1) == 1) }
            count.value.value += 1
            // At work for longer than a loop waits for whoever gave way.
            let end = NIODeadline.now() + .microseconds(200)
            while NIODeadline.now() < end {}
            await EventLoopTurns.giveWay(on: loop)
          }
        }
      }
      try await group.waitForAll()
    }
    close(writing)
    // Each began, and one or two went on.
    #expect(try await heard.futureResult.get() <= tasks + 2)
    #expect(try await loop.submit { count.value.value }.get() == tasks * Self.turns)
    try? await channel.close()
    try await group.shutdownGracefully()
  }
}

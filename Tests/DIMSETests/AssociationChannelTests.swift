// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing
import UpperLayer

@testable import DIMSE

/// An association's end of a real connection, read and written from other threads than its own.
@Suite struct AssociationChannelTests {
  /// Counts what is asked of the peer, and turns each 64 bytes into an indication.
  private final class Numbers: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = DIMSEIndication
    typealias OutboundIn = DIMSERequest
    typealias OutboundOut = ByteBuffer

    private let received: Shared
    private var rest = ByteBuffer()

    init(_ received: Shared) { self.received = received }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var bytes = unwrapInboundIn(data)
      received.count.add(bytes.readableBytes, ordering: .relaxed)
      rest.writeBuffer(&bytes)
      while let number = rest.readSlice(length: AssociationChannelTests.size) {
        context.fireChannelRead(wrapInboundOut(.dataSet(number, isLast: false)))
      }
      rest.discardReadBytes()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      guard case .dataSet(let bytes, _, _) = unwrapOutboundIn(data) else { return }
      context.write(wrapOutboundOut(bytes), promise: promise)
    }
  }

  private final class Shared: Sendable {
    let count = Atomic(0)
  }

  private static let numbers = 100_000
  private static let size = 64

  /// Everything comes, in order, to a reader that stands still for a while; meanwhile the peer is not read without bounds.
  @Test(.timeLimit(.minutes(15))) func aReaderThatStandsStillHoldsThePeerBack() async throws {
    let (received, connections) = (Shared(), AsyncStream<AssociationChannel>.makeStream())
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Numbers(received))
          connections.continuation.yield(try AssociationChannel(on: channel))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let client = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connect(to: try #require(server.localAddress)).get()
    var all = ByteBuffer()
    for number in 0..<UInt32(Self.numbers) {
      all.writeInteger(number)
      all.writeRepeatingByte(0, count: Self.size - 4)
    }
    client.writeAndFlush(all, promise: nil)
    var waiting = connections.stream.makeAsyncIterator()
    let connection = try #require(await waiting.next())
    try await connection.executeThenClose { messages, _ in
      var next: UInt32 = 0
      var mostAhead = 0
      while next < Self.numbers, let indication = try await messages.indications.next() {
        guard case .dataSet(let bytes, _) = indication else { break }
        #expect(bytes.getInteger(at: bytes.readerIndex) == next)
        next += 1
        mostAhead = max(mostAhead, received.count.load(ordering: .relaxed) - Self.size * Int(next))
        if next == 1000 { await Self.standStill(until: received) }
      }
      #expect(Int(next) == Self.numbers)
      // NIO reads four times 64 KiB at most before it asks again; of what was there twice that stands before the reader. The
      // client stays: of one that hangs up everything is read.
      #expect(mostAhead <= 8 * 65_536, "of \(Self.size * Self.numbers)")
      client.close(promise: nil)
      #expect(try await messages.indications.next() == nil)
    }
    #expect(!connection.channel.isActive)
    try await server.close()
  }

  /// Until no more comes.
  private static func standStill(until received: Shared) async {
    var before = -1
    for _ in 0..<1000 where before != received.count.load(ordering: .relaxed) {
      before = received.count.load(ordering: .relaxed)
      for _ in 0..<20_000 { await Task.yield() }
    }
  }

  /// What many tasks write is there, each whole; what was written elsewhere is there when it is settled.
  @Test(.timeLimit(.minutes(15))) func whatOtherThreadsWroteIsThereWhenItIsSettled() async throws {
    let channel = NIOAsyncTestingChannel()
    let connection = try await channel.testingEventLoop.executeInContext { try AssociationChannel(on: channel) }
    try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 104))
    try await connection.executeThenClose { _, writer in
      for number in 0..<100 {
        try await writer.send(.dataSet(ByteBuffer(integer: number), contextID: 1, isLast: true))
      }
      try await writer.settle()
      for number in 0..<100 {
        let written = try await channel.readOutbound(as: DIMSERequest.self)
        #expect(written == .dataSet(ByteBuffer(integer: number), contextID: 1, isLast: true))
      }
    }
    await #expect(throws: ChannelError.self) { try await connection.write(.release) }
  }

  /// One that never came to be connected ends too.
  @Test(.timeLimit(.minutes(15))) func aConnectionThatNeverWasEnds() async throws {
    let channel = NIOAsyncTestingChannel()
    let connection = try await channel.testingEventLoop.executeInContext { try AssociationChannel(on: channel) }
    let reading = Task {
      try await connection.executeThenClose { messages, _ in try await messages.indications.next() == nil }
    }
    try await channel.close()
    #expect(try await reading.value)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@testable import Node

/// Says when it is asked to read.
private final class Reads: ChannelOutboundHandler {
  typealias OutboundIn = Never

  private let say: () -> Void

  init(_ say: @escaping () -> Void) { self.say = say }

  func read(context: ChannelHandlerContext) { say() }
}

@Suite struct ListeningPortTests {
  private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  /// Connections that were taken, by the event loop that has them.
  private final class Taken: Sendable {
    private let loops = Mutex<[(loop: ObjectIdentifier, connection: any Channel)]>([])
    private let count: AsyncStream<Int>
    private let says: AsyncStream<Int>.Continuation

    init() { (count, says) = AsyncStream<Int>.makeStream() }

    func take(_ channel: any Channel) -> EventLoopFuture<Void> {
      let number = loops.withLock { loops in
        loops.append((ObjectIdentifier(channel.eventLoop), channel))
        return loops.count
      }
      says.yield(number)
      return channel.eventLoop.makeSucceededVoidFuture()
    }

    func wait(for wanted: Int) async {
      for await number in count where number >= wanted { return }
    }

    var byLoop: [ObjectIdentifier: [any Channel]] {
      loops.withLock { Dictionary(grouping: $0, by: \.loop).mapValues { $0.map(\.connection) } }
    }
  }

  private static func connect(_ count: Int, to port: ListeningPort) async throws -> [any Channel] {
    let address = try #require(port.localAddress)
    var channels: [any Channel] = []
    for _ in 0..<count {
      let client = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      channels.append(try await client.connect(to: address).get())
    }
    return channels
  }

  @Test(.timeLimit(.minutes(10))) func eachEventLoopHasItsShare() async throws {
    let taken = Taken()
    let port = try await ListeningPort(host: "127.0.0.1", port: 0, logger: logger) { taken.take($0) }
    let loops = MultiThreadedEventLoopGroup.singleton.makeIterator().map { _ in 1 }.count
    let clients = try await Self.connect(3 * loops, to: port)
    await taken.wait(for: 3 * loops)
    #expect(taken.byLoop.values.map(\.count) == Array(repeating: 3, count: loops))
    // What one sends is read in pieces, between those of others.
    for connection in taken.byLoop.values.joined() {
      #expect(try await connection.getOption(.maxMessagesPerRead).get() == 1)
    }

    // Those of one go; as many come, and it has them.
    let (loop, gone) = try #require(taken.byLoop.first)
    for connection in gone { try await connection.close() }
    let later = try await Self.connect(3, to: port)
    await taken.wait(for: 3 * loops + 3)
    // The turn was passed on before they went, so that the first may be another's.
    #expect((5...6).contains(taken.byLoop[loop]?.count ?? 0))
    await port.close()
    for client in clients + later { try? await client.close() }
  }

  @Test func whatFollowsRightBehindAnotherStaysWhereItIs() async throws {
    let reads = Mutex<[Int]>([])
    let ports = (0..<3).map { place in
      EmbeddedChannel(handler: Reads { reads.withLock { $0.append(place) } })
    }
    let turns = ListeningTurns(count: 3, gap: .hours(1), logger: logger)
    turns.begin(among: ports)
    func take(at place: Int) -> EmbeddedChannel {
      let connection = EmbeddedChannel()
      turns.note(connection, at: place)
      turns.pass(from: place)
      return connection
    }
    // Nothing came before the first; the two that follow are alone.
    var last = take(at: 0)
    for _ in 0..<2 {
      _ = try last.finish()
      last = take(at: 1)
    }
    // This one is not.
    let other = take(at: 1)
    #expect(reads.withLock(\.self) == [0, 1, 1, 1, 2])
    turns.drop(1)
    for connection in [last, other] { _ = try connection.finish() }
    #expect(reads.withLock(\.self).last == 2)
    turns.end()
    turns.pass(from: 1)
    #expect(reads.withLock(\.self).count == 6)
  }

  /// Set on the port alone.
  @Test func connectionsDoNotWaitForWhatMayFollow() async throws {
    let taken = Taken()
    let port = try await ListeningPort(host: "127.0.0.1", port: 0, logger: logger) { taken.take($0) }
    let clients = try await Self.connect(2, to: port)
    await taken.wait(for: 2)
    for connection in taken.byLoop.values.joined() {
      #expect(try await connection.getOption(.tcpOption(.tcp_nodelay)).get() == 1)
    }
    await port.close()
    for client in clients { try? await client.close() }
  }

  /// Linux tells the errors of a connection by `accept`, and NIO closes whoever hears of one that it does not know.
  @Test(.timeLimit(.minutes(10))) func whoBrokeIsDoneWithout() async throws {
    let taken = Taken()
    let port = try await ListeningPort(host: "127.0.0.1", port: 0, logger: logger) { taken.take($0) }
    for channel in port.channels.dropLast() { try await channel.close() }
    let clients = try await Self.connect(3, to: port)
    await taken.wait(for: 3)
    #expect(taken.byLoop.count == 1)
    await port.close()
    for client in clients { try? await client.close() }
  }

  @Test func aPortIsListenedOnOnce() async throws {
    let port = try await ListeningPort(host: "127.0.0.1", port: 0, logger: logger) {
      $0.eventLoop.makeSucceededVoidFuture()
    }
    let number = try #require(port.localAddress?.port)
    await #expect(throws: IOError.self) {
      _ = try await ListeningPort(host: "127.0.0.1", port: number, logger: logger) {
        $0.eventLoop.makeSucceededVoidFuture()
      }
    }
    await port.close()
    let again = try await ListeningPort(host: "127.0.0.1", port: number, logger: logger) {
      $0.eventLoop.makeSucceededVoidFuture()
    }
    await again.close()
  }
}

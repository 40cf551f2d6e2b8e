// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A port on which all event loops listen in turn: the one whose turn it is takes a connection and keeps it, so that none is
/// handed from thread to thread, three times, before its first byte is read.
final class ListeningPort: Sendable {
  private let channels: [any Channel]
  private let turns: ListeningTurns

  /// `initialize` runs on the event loop of the connection.
  init(
    host: String, port: Int, initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) async throws {
    let loops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator())
    let turns = ListeningTurns(count: loops.count)
    var channels: [any Channel] = []
    do {
      for (place, loop) in loops.enumerated() {
        let bootstrap = Self.bootstrap(on: loop, place, turns, initialize)
        if let first = channels.first {
          channels.append(try await bootstrap.withBoundSocket(try await Self.duplicate(of: first)).get())
        } else {
          channels.append(try await bootstrap.bind(host: host, port: port).get())
        }
      }
    } catch {
      for channel in channels { try? await channel.close() }
      throw error
    }
    self.channels = channels
    self.turns = turns
    turns.begin(among: channels)
  }

  var localAddress: SocketAddress? { channels.first?.localAddress }

  func close() async {
    turns.end()
    for channel in channels { try? await channel.close() }
  }

  private static func bootstrap(
    on loop: any EventLoop, _ place: Int, _ turns: ListeningTurns,
    _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> ServerBootstrap {
    ServerBootstrap(group: loop, childGroup: loop)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.autoRead, value: false)
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ListeningTurn(place, of: turns))
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer(initialize)
  }

  private static func duplicate(of channel: any Channel) async throws -> NIOBSDSocket.Handle {
    try await channel.eventLoop.submit {
      let copy = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
        fcntl($0, F_DUPFD_CLOEXEC, 0)
      }
      guard let copy, copy >= 0 else { throw IOError(errnoCode: errno, reason: "fcntl") }
      return copy
    }.get()
  }
}

/// Whose turn it is: that event loop's which has the fewest connections.
private final class ListeningTurns: Sendable {
  private struct State {
    var channels: [any Channel] = []
    var connections: [Int]
  }

  private let state: Mutex<State>

  init(count: Int) {
    state = Mutex(State(connections: Array(repeating: 0, count: count)))
  }

  func begin(among channels: [any Channel]) {
    state.withLock { $0.channels = channels }
    channels.first?.read()
  }

  func end() {
    state.withLock { $0.channels = [] }
  }

  func note(_ connection: any Channel, at place: Int) {
    count(1, at: place)
    connection.closeFuture.whenComplete { _ in self.count(-1, at: place) }
  }

  private func count(_ change: Int, at place: Int) {
    state.withLock { state in
      guard state.connections.indices.contains(place) else { return }
      state.connections[place] += change
    }
  }

  /// Of several that have as few, the one that comes next.
  func pass(from place: Int) {
    let next: (any Channel)? = state.withLock { state in
      let count = state.channels.count
      let order = (1...max(count, 1)).map { (place + $0) % max(count, 1) }
      let fewest = order.min { state.connections[$0] < state.connections[$1] }
      return fewest.flatMap { state.channels.indices.contains($0) ? state.channels[$0] : nil }
    }
    next?.read()
  }
}

/// Passes the turn on behind each connection; keeps it where there was none to take.
private final class ListeningTurn: ChannelInboundHandler {
  typealias InboundIn = any Channel

  private let place: Int
  private let turns: ListeningTurns
  private var hasFailed = false

  init(_ place: Int, of turns: ListeningTurns) {
    self.place = place
    self.turns = turns
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    turns.note(unwrapInboundIn(data), at: place)
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    hasFailed = true
    context.fireErrorCaught(error)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    guard hasFailed else { return turns.pass(from: place) }
    hasFailed = false
    // By the whole pipeline: what waits there for better times has to be asked.
    context.channel.read()
  }
}

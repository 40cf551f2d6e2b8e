// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import NIOCore
import NIOPosix

/// A port on which all event loops listen in turn: the one whose turn it is takes a connection and keeps it, so that none is
/// handed from thread to thread, three times, before its first byte is read.
final class ListeningPort: Sendable {
  let channels: [any Channel]
  private let turns: ListeningTurns
  /// As it was when it was opened.
  let localAddress: SocketAddress?

  /// `initialize` runs on the event loop of the connection.
  init(
    host: String, port: Int, logger: Logger, initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) async throws {
    let loops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator())
    let turns = ListeningTurns(count: loops.count, logger: logger)
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
    localAddress = channels.first?.localAddress
    self.turns = turns
    turns.begin(among: channels)
  }

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
      // Connections inherit it (tcp(7)): nothing has to be set for each.
      .serverChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .serverChannelOption(.autoRead, value: false)
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          // Without a descriptor to spare the port stays readable: to ask again at once would keep a processor busy.
          let backoff = AcceptBackoffHandler { $0.errnoCode == ECONNABORTED ? nil : .milliseconds(100) }
          try channel.pipeline.syncOperations.addHandlers(backoff, ListeningTurn(place, of: turns))
        }
      }
      // What one connection sends on and on is read in pieces, between those of others.
      .childChannelOption(.maxMessagesPerRead, value: 1)
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

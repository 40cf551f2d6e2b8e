// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import Synchronization

/// Whose turn it is: that event loop's which has the fewest connections.
final class ListeningTurns: Sendable {
  private struct State {
    /// By place; nil for one that listens no more.
    var channels: [(any Channel)?] = []
    var connections: [Int]
    var lastEnd: NIODeadline?

    /// The one connection that there is followed right behind another: whoever makes one after the other is answered by a
    /// thread that is awake, and no other is woken for each.
    func isOneOfARow(at place: Int, within gap: TimeAmount) -> Bool {
      guard let lastEnd, connections[place] == 1, connections.reduce(0, +) == 1 else { return false }
      return NIODeadline.now() - lastEnd < gap
    }
  }

  private let state: Mutex<State>
  /// Between the end of one connection and the next of its row, at most.
  private let gap: TimeAmount
  let logger: Logger

  init(count: Int, gap: TimeAmount = .milliseconds(1), logger: Logger) {
    self.gap = gap
    state = Mutex(State(connections: Array(repeating: 0, count: count)))
    self.logger = logger
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
      if change < 0 { state.lastEnd = .now() }
    }
  }

  /// Of several that have as few, the one that comes next; a row of connections stays where it is.
  func pass(from place: Int) {
    let next: (any Channel)? = state.withLock { state in
      let count = state.channels.count
      if place < count, let own = state.channels[place], state.isOneOfARow(at: place, within: gap) { return own }
      let order = (1...max(count, 1)).map { (place + $0) % max(count, 1) }
      let open = order.filter { state.channels.indices.contains($0) && state.channels[$0] != nil }
      return open.min { state.connections[$0] < state.connections[$1] }.flatMap { state.channels[$0] }
    }
    next?.read()
  }

  /// One that broke, perhaps in its turn: the others go on without it.
  func drop(_ place: Int) {
    let left: Int? = state.withLock { state in
      guard state.channels.indices.contains(place) else { return nil }
      state.channels[place] = nil
      return state.channels.count { $0 != nil }
    }
    guard let left else { return }
    if left == 0 {
      logger.critical("no connection can be accepted any more on this port: restart the node")
    } else {
      pass(from: place)
    }
  }
}

/// Passes the turn on behind each connection; keeps it where there was none to take.
final class ListeningTurn: ChannelInboundHandler {
  typealias InboundIn = any Channel

  private let place: Int
  private let turns: ListeningTurns
  private var hasFailed = false
  private var isWarned = false

  init(_ place: Int, of turns: ListeningTurns) {
    self.place = place
    self.turns = turns
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    isWarned = false
    turns.note(unwrapInboundIn(data), at: place)
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    hasFailed = true
    // Once, and again only when a connection came in between.
    if !isWarned { turns.logger.error("a connection cannot be accepted", metadata: ["error": "\(error)"]) }
    isWarned = true
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    guard hasFailed else {
      // Behind what was read beside it: a connection that ended before this one came is counted no more by then.
      return context.eventLoop.execute { [turns, place] in turns.pass(from: place) }
    }
    hasFailed = false
    // By the whole pipeline: what waits there for better times has to be asked.
    context.channel.read()
  }

  func channelInactive(context: ChannelHandlerContext) {
    context.fireChannelInactive()
    turns.drop(place)
  }
}

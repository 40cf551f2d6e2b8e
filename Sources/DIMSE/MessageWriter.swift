// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import UpperLayer

/// Sends messages, from any number of tasks; the parts of one message stay together on the wire.
package struct MessageWriter: Sendable {
  private let outlet: any RequestOutlet
  private let turn = WritingTurn()
  package let eventLoop: any EventLoop
  private let channel: (any Channel)?

  /// `channel`: the one that is written to, where there is a socket below it.
  package init(_ outlet: any RequestOutlet, on eventLoop: any EventLoop, channel: (any Channel)? = nil) {
    self.outlet = outlet
    self.eventLoop = eventLoop
    self.channel = channel
  }

  package init(_ outlet: any RequestOutlet, to channel: any Channel) {
    self.init(outlet, on: channel.eventLoop, channel: channel)
  }

  /// Tasks run where the connection writes: no thread has to wake up between what they say and what is sent.
  package var executor: EventLoopExecutor { EventLoopExecutor(eventLoop) }

  /// Returns when what other threads have sent so far has reached the connection.
  package func settle() async throws { try await outlet.settle() }

  /// One message in one write, and so in one flush. Waits while the peer does not read.
  package func send(_ command: CommandSet, contextID: UInt8, dataSet: ByteBuffer? = nil) async throws {
    await turn.take()
    defer { turn.giveUp() }
    guard let dataSet else { return try await outlet.write(.command(command, contextID: contextID)) }
    try await outlet.write([
      .command(command, contextID: contextID), .dataSet(dataSet, contextID: contextID, isLast: true),
    ])
  }

  /// Messages that differ by their data sets alone, in one write. Waits while the peer does not read. `dataSets`: is asked when
  /// nothing keeps the first byte from going out any more; without any nothing is sent.
  package func send(
    _ command: CommandSet, contextID: UInt8, dataSets: () async throws -> DataSetSeries
  ) async throws {
    await turn.take()
    defer { turn.giveUp() }
    try await untilWritable()
    let dataSets = try await dataSets()
    guard !dataSets.ends.isEmpty else { return }
    try await outlet.write(.messages(command, dataSets: dataSets, contextID: contextID))
  }

  /// One message whose data set is too large to be held: other messages wait until its last piece is written. `depart`: is
  /// called when nothing keeps the first byte from going out any more; where it throws, nothing is sent, and the association
  /// goes on. Whatever else is thrown may leave half a message behind: nothing else may follow on the association.
  package func send(
    _ command: CommandSet, contextID: UInt8, depart: () async throws -> Void = {},
    nextChunk: () async throws -> ByteBuffer?
  ) async throws {
    var chunk = try await nextChunk() ?? ByteBuffer()
    await turn.take()
    defer { turn.giveUp() }
    var next = try await nextChunk()
    // What another thread sent before its turn was over is on its way to the event loop, and must not get between the pieces.
    if next != nil { try await settle() }
    try await untilWritable()
    try await depart()
    if next == nil, let channel = openChannel {
      channel.write(DIMSERequest.command(command, contextID: contextID), promise: nil)
      return channel.writeAndFlush(DIMSERequest.dataSet(chunk, contextID: contextID, isLast: true), promise: nil)
    }
    try await outlet.write([
      .command(command, contextID: contextID), .dataSet(chunk, contextID: contextID, isLast: next == nil),
    ])
    guard next != nil else { return }
    while let bytes = next {
      chunk = bytes
      next = try await nextChunk()
      try await outlet.write(.dataSet(chunk, contextID: contextID, isLast: next == nil))
    }
    // Whoever has the next turn may write from the event loop itself, and must not get between the last pieces.
    try await settle()
  }

  /// Nothing is to be done any more before this is there.
  package func awaitAnswer(_ awaited: AnswerAwaited = .fromPeer) {
    guard eventLoop.inEventLoop else { return }
    channel?.triggerUserOutboundEvent(awaited, promise: nil)
  }

  /// Waits while the peer does not read what was sent before.
  private func untilWritable() async throws {
    if openChannel != nil { return }
    try await outlet.untilWritable()
  }

  /// Whether the system took all that was written, as far as that is seen from here.
  package var isEmptied: Bool { openChannel != nil }

  /// The channel where what is written goes out at once, and nothing is in between.
  private var openChannel: (any Channel)? {
    guard let channel, eventLoop.inEventLoop, channel.isActive, channel.isWritable else { return nil }
    return channel
  }

  /// What is no message: the parts of the association's own protocol.
  package func send(_ request: DIMSERequest) async throws {
    try await outlet.write(request)
  }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Synchronization
import Testing
import UpperLayer

@testable import Node

/// An event loop looks for an answer before it sleeps, but never at the expense of others, and not for ever.
@Suite struct AnswerWatchTests {
  private final class Looks: Sendable {
    private let made = Atomic(0)
    private let isThere: Bool

    init(findIt isThere: Bool = false) { self.isThere = isThere }

    var count: Int { made.load(ordering: .relaxed) }

    func look() -> Bool {
      made.add(1, ordering: .relaxed)
      return isThere
    }
  }

  @Test(arguments: [false, true]) func whatIsLikelyToComeSoonIsLookedFor(isHere: Bool) throws {
    let channel = try Self.channel()
    try channel.writeInbound(ByteBuffer(bytes: [1]))
    let looks = Looks(findIt: true)
    // Somebody else may have been heard on this thread within the last millisecond.
    let end = NIODeadline.now() + .seconds(60)
    while looks.count == 0, NIODeadline.now() < end { try Self.ask(channel, looks, isHere: isHere) }
    #expect(looks.count == 1)
  }

  @Test(arguments: [false, true]) func whatDoesNotComeIsLookedForLessAndLess(isHere: Bool) throws {
    let channel = try Self.channel()
    try channel.writeInbound(ByteBuffer(bytes: [1]))
    let looks = Looks()
    let end = NIODeadline.now() + .seconds(60)
    while looks.count == 0, NIODeadline.now() < end { try Self.ask(channel, looks, isHere: isHere) }
    var looked = 0
    for _ in 0..<2000 {
      let before = looks.count
      try Self.ask(channel, looks, isHere: isHere)
      if looks.count > before { looked += 1 }
    }
    #expect(looked < 30)
  }

  @Test(arguments: [false, true]) func whereOthersAreHeardNobodyIsKeptWaiting(isHere: Bool) throws {
    let (channel, other) = (try Self.channel(), try Self.channel())
    try channel.writeInbound(ByteBuffer(bytes: [1]))
    try other.writeInbound(ByteBuffer(bytes: [1]))
    let looks = Looks()
    for _ in 0..<1000 { try Self.ask(channel, looks, isHere: isHere) }
    #expect(looks.count == 0)
  }

  private static func ask(_ channel: EmbeddedChannel, _ looks: Looks, isHere: Bool) throws {
    let awaited = isHere ? AnswerAwaited.fromHere { looks.look() } : .fromThread { looks.look() }
    try channel.triggerUserOutboundEvent(awaited).wait()
  }

  private static func channel() throws -> EmbeddedChannel {
    let channel = EmbeddedChannel(handler: AnswerWatch())
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 104)).wait()
    return channel
  }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import UpperLayer

/// Deadlines are for the whole of what a peer owes, so that dripping bytes does not move them.
@Suite struct DeadlineTests {
  private static let dataOf64KiB: [UInt8] = [4, 0, 0, 1, 0, 0, 0, 0, 0xFF, 0xFC, 1, 2]

  /// Whoever was told of the end, and sends on, is not waited for until ARTIM expires.
  @Test(arguments: [UpperLayerStateMachine.Role.acceptor, .requestor])
  func whoSendsOnAfterTheEndIsHungUpOn(role: UpperLayerStateMachine.Role) throws {
    let side = try #require(try Side(role, in: .awaitingTransportClose))
    let mebibyte = ByteBuffer(bytes: [4, 0, 0, 0x0F, 0xFF, 0xFA] + [UInt8](repeating: 0, count: (1 << 20) - 6))
    for _ in 0..<16 { try side.receive(mebibyte) }
    #expect(side.channel.isActive)
    try side.receive(mebibyte)
    #expect(!side.channel.isActive)
  }

  @Test func aDrippedPDUIsTimedOut() throws {
    let side = try #require(try Side(.acceptor, in: .established))
    for byte: UInt8 in [5, 0, 0, 0, 0, 4, 0, 0] {
      try side.receive([byte])
      side.advance(by: .seconds(14))
    }
    #expect(try side.sent().readableBytes == 0)
    side.advance(by: .seconds(9))
    try expectTimedOut(side)
  }

  /// A02: and the requestor is as safe from an acceptor that drips.
  @Test func aDrippedAnswerIsTimedOut() throws {
    let side = try #require(try Side(.requestor, in: .awaitingAssociateACOrRJ))
    for byte in Samples.bytes(of: .associateAC(Samples.acceptance)).readableBytesView.prefix(121) {
      try side.receive([byte])
      side.advance(by: .seconds(1))
    }
    try expectTimedOut(side)
  }

  @Test func aPDUWithinItsTimeIsFine() throws {
    let side = try #require(try Side(.acceptor, in: .established))
    for _ in 0..<20 {
      try side.receive([4, 0, 0])
      side.advance(by: .seconds(100))
      try side.receive([0, 0, 6, 0, 0, 0, 2, 1, 2])
      side.advance(by: .seconds(100))
    }
    #expect(try side.sent().readableBytes == 0)
    #expect(try side.indications().count == 20)
  }

  /// After a minute of grace 1 KiB/s is asked for, at any length: 100 bytes a second are too few.
  @Test func slowDataAreTimedOut() throws {
    let side = try #require(try Side(.acceptor, in: .established))
    try side.receive(Self.dataOf64KiB)
    for second in 0..<120 {
      try side.receive(ByteBuffer(repeating: 0, count: 100))
      side.advance(by: .seconds(1))
      if second == 58 { #expect(try side.sent().readableBytes == 0) }
    }
    _ = try side.channel.readInbound(as: UpperLayerIndication.self)
    try expectTimedOut(side)
  }

  /// Where no throughput is asked for, a byte now and then is enough.
  @Test func withoutALeastThroughputDataMayTakeTheirTime() throws {
    let side = try #require(try Side(.acceptor, in: .established, limits: UpperLayerLimits(minimumThroughput: 0)))
    try side.receive(Self.dataOf64KiB)
    for _ in 0..<60 {
      try side.receive([0])
      side.advance(by: .minutes(9))
    }
    #expect(try side.sent().readableBytes == 0)
  }

  /// Each PDU comes whole and in time, and the message has no end: it is the message that is late.
  @Test func aDrippedMessageIsTimedOut() throws {
    let side = try #require(try Side(.acceptor, in: .established))
    for second in 0..<61 {
      if second < 60 { #expect(try side.sent().readableBytes == 0) }
      try side.receive([4, 0, 0, 0, 0, 7, 0, 0, 0, 3, 1, 0, 9])
      side.advance(by: .seconds(1))
    }
    try expectTimedOut(side)
  }

  /// Each message has its own time.
  @Test func manySmallMessagesAreFine() throws {
    let side = try #require(try Side(.acceptor, in: .established))
    for _ in 0..<200 {
      try side.receive([4, 0, 0, 0, 0, 7, 0, 0, 0, 3, 1, 0, 9])
      side.advance(by: .seconds(20))
      try side.receive([4, 0, 0, 0, 0, 7, 0, 0, 0, 3, 1, 2, 9])
      side.advance(by: .seconds(20))
    }
    #expect(try side.sent().readableBytes == 0)
    #expect(try side.ends().isEmpty)
  }

  @Test func steadyDataOfTheLeastThroughputArrive() throws {
    let side = try #require(try Side(.acceptor, in: .established))
    try side.receive(Self.dataOf64KiB)
    for _ in 0..<63 {
      try side.receive(ByteBuffer(repeating: 0, count: 1024))
      side.advance(by: .seconds(1))
    }
    #expect(try side.sent().readableBytes == 0)
    #expect(try side.ends().isEmpty)
  }

  /// While this node does not read, because its service is slow, no time passes for the peer.
  @Test func thePeerDoesNotPayForASlowService() throws {
    let side = try #require(try Side(.acceptor, in: .established))
    side.channel.read()
    try side.receive(Self.dataOf64KiB)
    side.advance(by: .seconds(300))
    #expect(try side.sent().readableBytes == 0)
    side.channel.read()
    side.advance(by: .seconds(59))
    #expect(try side.sent().readableBytes == 0)
    side.advance(by: .seconds(2))
    try expectTimedOut(side)
  }

  /// A16: a peer that never reads is left after a minute, whatever it sends meanwhile.
  @Test func aPeerThatDoesNotReadIsHungUpOn() throws {
    let side = try #require(try Side(.acceptor, in: .established))
    side.advance(by: .seconds(45))
    becomeWritable(false, side)
    for _ in 0..<59 {
      try side.receive([4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 2])
      side.advance(by: .seconds(1))
    }
    #expect(side.channel.isActive)
    side.advance(by: .seconds(2))
    #expect(!side.channel.isActive)
    #expect(try side.sent().readableBytes == 10)
    let ends = try side.ends()
    #expect(ends.count == 1)
    guard case .timedOut = ends.first else {
      Issue.record("\(ends)")
      return
    }
  }

  @Test func aPeerThatReadsInTimeStays() throws {
    let side = try #require(try Side(.acceptor, in: .established))
    for _ in 0..<20 {
      becomeWritable(false, side)
      side.advance(by: .seconds(50))
      becomeWritable(true, side)
      try side.receive([4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 2])
      side.advance(by: .seconds(20))
    }
    #expect(side.channel.isActive)
    #expect(try side.ends().isEmpty)
  }

  /// The request's own deadline is ARTIM's; a peer that drips into Sta2 is hung up on at its second, not a byte later.
  @Test func theRequestHasOneDeadline() throws {
    let side = try Side(.acceptor)
    for byte in Samples.bytes(of: .associateRQ(Samples.request)).readableBytesView.prefix(29) {
      try side.receive([byte])
      side.advance(by: .seconds(1))
    }
    #expect(side.channel.isActive)
    side.advance(by: .seconds(1))
    #expect(!side.channel.isActive)
  }

  private func becomeWritable(_ isWritable: Bool, _ side: Side) {
    side.channel.isWritable = isWritable
    side.channel.pipeline.fireChannelWritabilityChanged()
  }

  private func expectTimedOut(_ side: Side, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let abort = Abort(source: .serviceProvider, reason: .notSpecified)
    #expect(try side.sent() == Samples.bytes(of: .abort(abort)), sourceLocation: sourceLocation)
    let ends = try side.ends()
    #expect(ends.count == 1, sourceLocation: sourceLocation)
    guard case .timedOut = ends.first else {
      Issue.record("\(ends)", sourceLocation: sourceLocation)
      return
    }
    side.advance(by: .seconds(31))
    #expect(!side.channel.isActive, sourceLocation: sourceLocation)
    #expect(try side.ends().isEmpty, sourceLocation: sourceLocation)
  }
}

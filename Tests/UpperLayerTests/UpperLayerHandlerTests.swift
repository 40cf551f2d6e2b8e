// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import UpperLayer

@Suite struct UpperLayerHandlerTests {
  @Test func anAssociationFromRequestToRelease() throws {
    let channel = try acceptor()
    try channel.writeInbound(Samples.bytes(of: .associateRQ(Samples.request)))
    #expect(try channel.readInbound() == UpperLayerIndication.associate(Samples.request))
    channel.writeAndFlush(UpperLayerRequest.accept(Samples.acceptance), promise: nil)
    #expect(try channel.readOutbound() == Samples.bytes(of: .associateAC(Samples.acceptance)))
    try channel.writeInbound(Samples.bytes(of: .releaseRQ))
    #expect(try channel.readInbound() == UpperLayerIndication.release)
    channel.writeAndFlush(UpperLayerRequest.releaseResponse, promise: nil)
    #expect(try channel.readOutbound() == Samples.bytes(of: .releaseRP))
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .seconds(31))
    #expect(!channel.isActive)
  }

  @Test func aSilentConnectionIsHungUpOn() throws {
    let channel = try acceptor()
    channel.embeddedEventLoop.advanceTime(by: .seconds(29))
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .seconds(2))
    #expect(!channel.isActive)
  }

  /// A02: the deadline is for the whole request, not for each byte of it.
  @Test func aDrippedRequestIsHungUpOn() throws {
    let channel = try acceptor()
    for byte in Samples.bytes(of: .associateRQ(Samples.request)).readableBytesView.prefix(40) {
      guard channel.isActive else { break }
      try channel.writeInbound(ByteBuffer(bytes: [byte]))
      channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    }
    #expect(!channel.isActive)
  }

  @Test func anIdleAssociationIsAborted() throws {
    let channel = try acceptor()
    try channel.writeInbound(Samples.bytes(of: .associateRQ(Samples.request)))
    channel.writeAndFlush(UpperLayerRequest.accept(Samples.acceptance), promise: nil)
    _ = try channel.readInbound(as: UpperLayerIndication.self)
    _ = try channel.readOutbound(as: ByteBuffer.self)
    channel.embeddedEventLoop.advanceTime(by: .minutes(9))
    try channel.writeInbound(ByteBuffer(bytes: [4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 3]))
    _ = try channel.readInbound(as: UpperLayerIndication.self)
    channel.embeddedEventLoop.advanceTime(by: .minutes(9))
    #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
    channel.embeddedEventLoop.advanceTime(by: .minutes(2))
    #expect(
      try channel.readOutbound() == Samples.bytes(of: .abort(Abort(source: .serviceProvider, reason: .notSpecified))))
    guard case .ended(.timedOut) = try channel.readInbound(as: UpperLayerIndication.self) else {
      Issue.record("nobody was told")
      return
    }
  }

  @Test func garbageIsAborted() throws {
    let channel = try acceptor()
    try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
    let abort = Abort(source: .serviceProvider, reason: .unrecognizedPDU)
    #expect(try channel.readOutbound() == Samples.bytes(of: .abort(abort)))
    guard case .ended(.refused) = try channel.readInbound(as: UpperLayerIndication.self) else {
      Issue.record("nobody was told")
      return
    }
  }

  @Test func dataBeforeAnAssociationIsAborted() throws {
    let channel = try acceptor()
    try channel.writeInbound(ByteBuffer(bytes: [4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 3]))
    let abort = Abort(source: .serviceProvider, reason: .unexpectedPDU)
    #expect(try channel.readOutbound() == Samples.bytes(of: .abort(abort)))
    guard case .ended(.refused) = try channel.readInbound(as: UpperLayerIndication.self) else {
      Issue.record("nobody was told")
      return
    }
  }

  /// What is sent is cut to what the peer takes: 16,384 bytes with the six of each PDV's head.
  @Test func longDataAreCutToThePeersLength() throws {
    let channel = try acceptor()
    try channel.writeInbound(Samples.bytes(of: .associateRQ(Samples.request)))
    channel.writeAndFlush(UpperLayerRequest.accept(Samples.acceptance), promise: nil)
    _ = try channel.readOutbound(as: ByteBuffer.self)
    let data = ByteBuffer(repeating: 7, count: 40_000)
    channel.writeAndFlush(
      UpperLayerRequest.data(PresentationDataValue(contextID: 1, isCommand: false, isLast: true, data: data)),
      promise: nil)
    var wire = ByteBuffer()
    while let piece = try channel.readOutbound(as: ByteBuffer.self) { wire.writeImmutableBuffer(piece) }
    var decoder = PDUDecoder(limits: UpperLayerLimits(maximumLength: 16384, maximumLengthTolerance: 0))
    try decoder.append(wire)
    var values: [PresentationDataValue] = []
    while let next = try decoder.next(in: .established) { if case .data(let value) = next { values.append(value) } }
    #expect(values.map(\.data.readableBytes) == [16378, 16378, 7244])
    #expect(values.map(\.isLast) == [false, false, true])
  }

  @Test func aClosedConnectionEndsTheAssociation() throws {
    let channel = try acceptor()
    try channel.writeInbound(Samples.bytes(of: .associateRQ(Samples.request)))
    _ = try channel.readInbound(as: UpperLayerIndication.self)
    channel.pipeline.fireChannelInactive()
    #expect(try channel.readInbound() == UpperLayerIndication.ended(.connectionClosed))
  }

  private func acceptor() throws -> EmbeddedChannel {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandler(UpperLayerHandler(role: .acceptor, limits: UpperLayerLimits()))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 104)).wait()
    return channel
  }
}

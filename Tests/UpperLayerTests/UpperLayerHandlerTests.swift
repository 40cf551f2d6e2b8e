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

  /// What is said before anything was asked is heard behind the question.
  @Test func aServerThatSpeaksFirstIsHeard() throws {
    let channel = EmbeddedChannel(handler: UpperLayerHandler(role: .requestor, limits: UpperLayerLimits()))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 104)).wait()
    for piece in ["220 mail.exam", "ple.com ESMTP\r\n"] { try channel.writeInbound(ByteBuffer(string: piece)) }
    #expect(try channel.readInbound(as: UpperLayerIndication.self) == nil)
    channel.writeAndFlush(UpperLayerRequest.associate(Samples.request), promise: nil)
    #expect(try channel.readOutbound() == Samples.bytes(of: .associateRQ(Samples.request)))
    guard case .ended(.protocolViolation) = try channel.readInbound(as: UpperLayerIndication.self) else {
      Issue.record("nobody was told")
      return
    }
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

  /// What is sent is cut to what the peer takes, with the six bytes of each PDV's head, into even pieces; a peer that takes
  /// nothing useful gets short ones.
  @Test(
    arguments: [(16384, 16378), (4097, 4090), (70, 64), (16, 10), (9, 2), (8, 2), (7, 64), (1, 64)] as [(UInt32, Int)])
  func longDataAreCutToThePeersLength(announced: UInt32, longest: Int) throws {
    let channel = try acceptor()
    var request = Samples.request
    request.userInformation.maximumLength = announced
    try channel.writeInbound(Samples.bytes(of: .associateRQ(request)))
    channel.writeAndFlush(UpperLayerRequest.accept(Samples.acceptance), promise: nil)
    _ = try channel.readOutbound(as: ByteBuffer.self)
    let data = ByteBuffer(bytes: (0..<40_000).map { UInt8(truncatingIfNeeded: $0) })
    let written = channel.eventLoop.makePromise(of: Void.self)
    channel.writeAndFlush(
      UpperLayerRequest.data(PresentationDataValue(contextID: 1, isCommand: false, isLast: true, data: data)),
      promise: written)
    var wire = ByteBuffer()
    while let piece = try channel.readOutbound(as: ByteBuffer.self) { wire.writeImmutableBuffer(piece) }
    try written.futureResult.wait()
    var decoder = PDUDecoder(limits: UpperLayerLimits(maximumLength: max(announced, 70), maximumLengthTolerance: 0))
    try decoder.append(wire)
    var values: [PresentationDataValue] = []
    while let next = try decoder.next(in: .established) { if case .data(let value) = next { values.append(value) } }
    #expect(values.dropLast().allSatisfy { $0.data.readableBytes == longest && !$0.isLast })
    #expect(values.last?.isLast == true)
    #expect(values.count == (data.readableBytes + longest - 1) / longest)
    #expect(values.flatMap { $0.data.readableBytesView } == Array(data.readableBytesView))
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

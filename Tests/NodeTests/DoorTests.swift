// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import Node

/// What is seen of a peer in its first bytes, and in its time, where TLS begins or does not.
@Suite struct DoorTests {
  private static let rejection = ByteBuffer(bytes: [7, 0, 0, 0, 0, 4, 0, 0, 2, 1])
  private static let abort = ByteBuffer(bytes: [7, 0, 0, 0, 0, 4, 0, 0, 2, 0])

  @Test(
    arguments: [
      (.server(tlsPort: 2762), [22, 3, 1, 2, 0], "this node's TLS port is 2762"),
      (.server(tlsPort: nil), [22], "this node has no port for it"),
      (.server(tlsPort: 2762), [21, 3, 1, 0, 2, 2, 40], "this node's TLS port is 2762"),
      (.client, [21, 3, 1, 0, 2, 2, 70], "answered in TLS, and was called without it"),
      (.client, [22, 3, 3], "answered in TLS, and was called without it"),
      (.server(tlsPort: 2762), [1, 0, 0, 0, 0, 68], nil), (.client, [2, 0], nil), (.client, [3], nil),
      (.server(tlsPort: nil), [0x47, 0x45, 0x54], nil),
    ] as [(PlainDoor.Side, [UInt8], String?)])
  func thePlainDoorKnowsTLS(side: PlainDoor.Side, bytes: [UInt8], why: String?) throws {
    let channel = try channel(PlainDoor(side))
    let failure = failure { try channel.writeInbound(ByteBuffer(bytes: bytes)) }
    #expect(why.map { failure?.contains($0) == true } ?? (failure == nil))
    #expect(channel.isActive == (why == nil))
    #expect(try channel.readOutbound(as: ByteBuffer.self) == (why == nil ? nil : Self.rejection))
    #expect(try channel.readInbound(as: ByteBuffer.self) == (why == nil ? ByteBuffer(bytes: bytes) : nil))
  }

  /// Only the first byte of a connection says what it is: an object's data may look like TLS.
  @Test func thePlainDoorLooksOnce() throws {
    let channel = try channel(PlainDoor(.client))
    try channel.writeInbound(ByteBuffer(bytes: [2, 0]))
    try channel.writeInbound(ByteBuffer(bytes: [22, 3, 1]))
    #expect(channel.isActive)
  }

  @Test(
    arguments: [
      (.client, [1, 0, 0, 0, 0, 68], "speaks DICOM without TLS on the TLS port"),
      (.server, [7, 0, 0, 0, 0, 4], "without TLS on this port"),
      (.client, [0x47, 0x45, 0x54], "something that is not TLS"),
      (.client, [21, 3, 3, 0, 2], "something that is not TLS"), (.server, [21, 3, 3, 0, 2], nil),
      (.client, [22, 3, 1], nil), (.server, [22, 3, 3], nil),
    ] as [(CertificateJudgement.Purpose, [UInt8], String?)])
  func theTLSDoorKnowsWhatIsNone(peer: CertificateJudgement.Purpose, bytes: [UInt8], why: String?) throws {
    let channel = try channel(TLSDoor(deadline: .seconds(10), peerIs: peer))
    let failure = failure { try channel.writeInbound(ByteBuffer(bytes: bytes)) }
    #expect(why.map { failure?.contains($0) == true } ?? (failure == nil))
    #expect(channel.isActive == (why == nil))
    let isToldInDICOM = why != nil && peer == .client && bytes[0] == 1
    #expect(try channel.readOutbound(as: ByteBuffer.self) == (isToldInDICOM ? Self.abort : nil))
  }

  /// The deadline is for the whole handshake, however many bytes keep coming.
  @Test func aDrippedHandshakeEndsInTime() throws {
    let channel = try channel(TLSDoor(deadline: .seconds(10), peerIs: .client))
    for second in 1...9 {
      try channel.writeInbound(ByteBuffer(bytes: [second == 1 ? 22 : 3]))
      channel.embeddedEventLoop.advanceTime(by: .seconds(1))
      #expect(channel.isActive)
    }
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(failure { try channel.throwIfErrorCaught() } == "did not complete the TLS handshake in 10 s")
    #expect(!channel.isActive)
  }

  @Test func anOpenedDoorKeepsNoTimeAndCountsNoBytes() throws {
    let door = TLSDoor(deadline: .seconds(10), peerIs: .client)
    let channel = try channel(door)
    try channel.writeInbound(ByteBuffer(bytes: [22, 3, 3]))
    door.opened()
    channel.embeddedEventLoop.advanceTime(by: .seconds(20))
    try channel.writeInbound(ByteBuffer(repeating: 23, count: 1 << 20))
    #expect(channel.isActive)
  }

  @Test func aHandshakeWithoutAnEndIsTooLong() throws {
    let channel = try channel(TLSDoor(deadline: .seconds(10), peerIs: .client))
    var why: String?
    var sent = 0
    while why == nil, sent < 1 << 20 {
      why = failure { try channel.writeInbound(ByteBuffer(repeating: 22, count: 8192)) }
      sent += 8192
    }
    #expect(why?.contains("and no complete TLS handshake") == true)
    #expect(sent == 9 * 8192)
    #expect(!channel.isActive)
  }

  private func channel(_ door: some ChannelHandler) throws -> EmbeddedChannel {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandler(door)
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    return channel
  }

  /// Why the connection was refused; nil where it was not.
  private func failure(_ body: () throws -> some Any) -> String? {
    do {
      _ = try body()
      return nil
    } catch {
      return "\(error)"
    }
  }
}

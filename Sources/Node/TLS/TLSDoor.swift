// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Stands before the TLS handler until the handshake is done: what is not TLS, or takes too long or too much, is hung up on.
final class TLSDoor: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// A handshake with a long certificate chain takes a fifth of it.
  private static let mostBytes = 64 << 10
  /// RFC 8446 §5.1: content types handshake and alert.
  private static let handshake: UInt8 = 22
  private static let alert: UInt8 = 21

  private let deadline: TimeAmount
  private let peer: CertificateJudgement.Purpose
  private var timer: Scheduled<Void>?
  private var received = 0
  private var isOver = false

  init(deadline: TimeAmount, peerIs peer: CertificateJudgement.Purpose) {
    self.deadline = deadline
    self.peer = peer
  }

  func opened() {
    isOver = true
    timer?.cancel()
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { startTimer(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    startTimer(context)
    context.fireChannelActive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    opened()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    if !isOver, received == 0, let first = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self), !isTLS(first) {
      // PS3.8 §9.3: PDU types are 01 to 07.
      let isDICOM = (1...7).contains(first)
      // A caller that took the wrong port is told in its own tongue that there is no association to be had.
      if isDICOM, peer == .client { context.writeAndFlush(wrapOutboundOut(.abort(.notSpecified)), promise: nil) }
      return hangUp(context, isDICOM ? plainDICOM : TLSFailure("sent something that is not TLS"))
    }
    received = isOver ? 0 : received + bytes.readableBytes
    context.fireChannelRead(data)
    // Only what did not complete the handshake counts: an association request may follow it in the same read.
    guard !isOver, received > Self.mostBytes else { return }
    hangUp(context, TLSFailure("sent \(received) bytes and no complete TLS handshake"))
  }

  private var plainDICOM: TLSFailure {
    peer == .client
      ? TLSFailure("speaks DICOM without TLS on the TLS port")
      : TLSFailure("speaks DICOM without TLS on this port", remedy: .callWithoutTLS)
  }

  /// A server may begin with an alert, a client has nothing to be alarmed about.
  private func isTLS(_ first: UInt8) -> Bool {
    first == Self.handshake || (first == Self.alert && peer == .server)
  }

  private func startTimer(_ context: ChannelHandlerContext) {
    guard timer == nil, !isOver else { return }
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: deadline) {
      let (door, context) = bound.value
      guard !door.isOver else { return }
      let why = "did not complete the TLS handshake in \(door.deadline.inWords)"
      door.hangUp(context, TLSFailure(why, remedy: door.peer == .server ? .callWithoutTLS : nil))
    }
  }

  /// Closes the socket itself: no farewell is said in a protocol that was not agreed on.
  private func hangUp(_ context: ChannelHandlerContext, _ why: TLSFailure) {
    opened()
    context.fireErrorCaught(why)
    context.close(promise: nil)
  }
}

extension TimeAmount {
  fileprivate var inWords: String {
    nanoseconds < 1_000_000_000 ? "\(nanoseconds / 1_000_000) ms" : "\(nanoseconds / 1_000_000_000) s"
  }
}

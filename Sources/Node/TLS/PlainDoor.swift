// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Stands where there is no TLS and recognises a peer that speaks it, whose bytes would otherwise be no PDU and no more.
final class PlainDoor: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Side: Sendable {
    /// `tlsPort` is where this node has TLS, if it has.
    case server(tlsPort: Int?)
    case client
  }

  /// RFC 8446 §5.1: a record's type; no PDU has these (PS3.8 §9.3.1).
  private static let alert: UInt8 = 21
  private static let handshake: UInt8 = 22

  private let side: Side
  private var isPassed = false
  private var isShut = false

  init(_ side: Side) {
    self.side = side
  }

  /// On the channel's event loop.
  static func secure(_ channel: any Channel, tlsPort: Int?) throws -> ConnectionSecurity {
    try channel.pipeline.syncOperations.addHandler(PlainDoor(.server(tlsPort: tlsPort)))
    return .plain
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isShut else { return }
    guard !isPassed else { return context.fireChannelRead(data) }
    let bytes = unwrapInboundIn(data)
    guard let first = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) else { return }
    guard first == Self.handshake || first == Self.alert else {
      isPassed = true
      return context.fireChannelRead(data)
    }
    isShut = true
    context.fireErrorCaught(failure)
    // OpenSSL and its like call this "wrong version number", which is what people know for "no TLS here".
    context.writeAndFlush(wrapOutboundOut(.abort(.unrecognizedPDU)), promise: nil)
    context.close(promise: nil)
  }

  private var failure: TLSFailure {
    switch side {
    case .client: TLSFailure("answered in TLS, and was called without it", remedy: .callOverTLS)
    case .server(nil): TLSFailure("speaks TLS, and this node has no port for it: see collimator serve --tls-port")
    case .server(let port?): TLSFailure("speaks TLS on the port without it: this node's TLS port is \(port)")
    }
  }
}

extension ByteBuffer {
  enum PlainAbortReason: UInt8 {
    case notSpecified = 0
    case unrecognizedPDU = 1
  }

  /// PS3.8 §9.3.8: an A-ABORT of the service provider, for a connection on which no association can begin.
  static func abort(_ reason: PlainAbortReason) -> ByteBuffer {
    ByteBuffer(bytes: [7, 0, 0, 0, 0, 4, 0, 0, 2, reason.rawValue])
  }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix

/// Acknowledges what was read at once. A sender that leaves Nagle's algorithm on, as modalities built on DCMTK do, otherwise
/// waits 40 ms for it with each object. Linux forgets the option, so it is set after each read.
final class QuickAcknowledgement: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func channelReadComplete(context: ChannelHandlerContext) {
    if let socket = context.channel as? any SocketOptionProvider {
      _ = socket.unsafeSetSocketOption(level: .tcp, name: .init(rawValue: TCP_QUICKACK), value: CInt(1))
    }
    context.fireChannelReadComplete()
  }
}

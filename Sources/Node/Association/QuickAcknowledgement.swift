// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import UpperLayer

/// Acknowledges at once what ends inside a message. A sender that leaves Nagle's algorithm on, as modalities built on DCMTK
/// do, otherwise waits 40 ms for it with each object. Linux forgets the option, so it is set each time; what is answered
/// needs none.
final class QuickAcknowledgement: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    guard event is MoreToCome else { return context.triggerUserOutboundEvent(event, promise: promise) }
    if let socket = context.channel as? any SocketOptionProvider {
      _ = socket.unsafeSetSocketOption(level: .tcp, name: .init(rawValue: TCP_QUICKACK), value: CInt(1))
    }
    promise?.succeed()
  }
}

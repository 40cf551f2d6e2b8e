// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The end of an association's pipeline: hands over what comes up to the task that reads it, and takes what goes out.
final class AssociationHandler: ChannelDuplexHandler {
  typealias InboundIn = DIMSEIndication
  typealias OutboundIn = DIMSERequest
  typealias OutboundOut = DIMSERequest

  let indications = IndicationQueue()
  let writability = Writability()
  private var context: ChannelHandlerContext?

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    finish()
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish()
    context.fireChannelInactive()
  }

  private func finish() {
    indications.finish()
    writability.finish()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    indications.finish(throwing: error)
    context.fireErrorCaught(error)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    indications.append(unwrapInboundIn(data))
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    writability.become(context.channel.isWritable)
    context.fireChannelWritabilityChanged()
  }

  func read(context: ChannelHandlerContext) {
    guard !indications.hasRoom else { return context.read() }
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    indications.whenThereIsRoom {
      bound.eventLoop.execute { bound.value.read() }
    }
  }

  /// What is said when the connection is gone is heard by nobody.
  func send(_ requests: [DIMSERequest]) {
    guard let context else { return }
    for request in requests { context.write(wrapOutboundOut(request), promise: nil) }
    context.flush()
  }

  func send(_ request: DIMSERequest) {
    context?.writeAndFlush(wrapOutboundOut(request), promise: nil)
  }
}

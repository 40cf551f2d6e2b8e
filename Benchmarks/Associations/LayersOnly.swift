// SPDX-License-Identifier: Apache-2.0

import DICOMData
import DIMSE
import NIOCore
import UpperLayer

/// Both layers of protocol, answered from a handler: no task for each association, nobody is known, nothing is recorded. What
/// these layers can reach at most.
final class LayersOnly: ChannelInboundHandler {
  typealias InboundIn = DIMSEIndication
  typealias OutboundOut = DIMSERequest

  static func serve() async throws {
    try await AssociationsBenchmark.serve { channel in
      try channel.pipeline.syncOperations.configureDIMSE(role: .acceptor)
      try channel.pipeline.syncOperations.addHandler(LayersOnly())
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let answer: DIMSERequest
    switch unwrapInboundIn(data) {
    case .associate(let request): answer = .accept(AssociationsBenchmark.acceptance(of: request))
    case .command(let command, let contextID):
      answer = .command(.response(to: command, status: .success), contextID: contextID)
    case .release: answer = .releaseResponse
    default: return
    }
    context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
  }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import UpperLayer

/// An end that no read brings is heard when it happens, and not when ARTIM hangs up half a minute later.
@Suite struct TimelyEndTests {
  @Test(arguments: [UpperLayerStateMachine.Role.acceptor, .requestor])
  func whatATimerEndsIsHeardAtOnce(role: UpperLayerStateMachine.Role) throws {
    let channel = EmbeddedChannel(handler: UpperLayerHandler(role: role, limits: UpperLayerLimits()))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 104)).wait()
    if role == .acceptor {
      try channel.writeInbound(Samples.bytes(of: .associateRQ(Samples.request)))
      #expect(try channel.readInbound() == UpperLayerIndication.associate(Samples.request))
      try channel.writeOutbound(UpperLayerRequest.accept(Samples.acceptance))
    } else {
      try channel.writeOutbound(UpperLayerRequest.associate(Samples.request))
      try channel.writeInbound(Samples.bytes(of: .associateAC(Samples.acceptance)))
      #expect(try channel.readInbound() == UpperLayerIndication.accepted(Samples.acceptance))
    }
    channel.embeddedEventLoop.advanceTime(by: .minutes(10))
    guard case .ended(.timedOut) = try channel.readInbound(as: UpperLayerIndication.self) else {
      Issue.record("something else than an end")
      return
    }
    #expect(channel.isActive)
  }
}

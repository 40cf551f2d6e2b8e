// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import UpperLayer

/// An end that no read brings is heard when it happens, and not when ARTIM hangs up half a minute later.
@Suite struct TimelyEndTests {
  private typealias Wrapped = NIOAsyncChannel<UpperLayerIndication, UpperLayerRequest>

  @Test(.timeLimit(.minutes(15)), arguments: [UpperLayerStateMachine.Role.acceptor, .requestor])
  func whatATimerEndsIsHeardAtOnce(role: UpperLayerStateMachine.Role) async throws {
    let channel = NIOAsyncTestingChannel()
    let wrapped = try await channel.testingEventLoop.executeInContext {
      try channel.pipeline.syncOperations.addHandler(UpperLayerHandler(role: role, limits: UpperLayerLimits()))
      return try Wrapped(wrappingChannelSynchronously: channel)
    }
    try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 104)).get()
    try await wrapped.executeThenClose { inbound, outbound in
      var heard = inbound.makeAsyncIterator()
      if role == .acceptor {
        try await channel.writeInbound(Samples.bytes(of: .associateRQ(Samples.request)))
        #expect(try await heard.next() == .associate(Samples.request))
        try await outbound.write(.accept(Samples.acceptance))
      } else {
        try await outbound.write(.associate(Samples.request))
        try await channel.writeInbound(Samples.bytes(of: .associateAC(Samples.acceptance)))
        #expect(try await heard.next() == .accepted(Samples.acceptance))
      }
      await channel.testingEventLoop.advanceTime(by: .minutes(10))
      guard case .ended(.timedOut) = try await heard.next() else {
        Issue.record("something else than an end")
        return
      }
      #expect(channel.isActive)
    }
  }
}

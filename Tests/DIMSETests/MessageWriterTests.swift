// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Synchronization
import Testing
import UpperLayer

@testable import DIMSE

/// The last question before a message is asked when nothing keeps its first byte from going out; where it says no, nothing was
/// sent, and the association goes on.
@Suite struct MessageWriterTests {
  private struct Revoked: Error {}

  @Test(.timeLimit(.minutes(15)), arguments: ["an object", "answers"])
  func theLastQuestionComesLast(what: String) async throws {
    let channel = NIOAsyncTestingChannel()
    let connection = try await channel.testingEventLoop.executeInContext {
      try AssociationChannel(on: channel)
    }
    try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 104))
    try await connection.executeThenClose { _, writer in
      try await become(false, channel)
      let asked = Atomic(0)
      let sending = Task {
        if what == "an object" {
          try await writer.send(Self.command, contextID: 1) {
            asked.wrappingAdd(1, ordering: .relaxed)
            throw Revoked()
          } nextChunk: {
            ByteBuffer(bytes: [1, 2])
          }
        } else {
          try await writer.send(Self.command, contextID: 1) { () async throws -> DataSetSeries in
            asked.wrappingAdd(1, ordering: .relaxed)
            throw Revoked()
          }
        }
      }
      for _ in 0..<1000 { await Task.yield() }
      #expect(asked.load(ordering: .relaxed) == 0)
      try await become(true, channel)
      await #expect(throws: Revoked.self) { try await sending.value }
      #expect(asked.load(ordering: .relaxed) == 1)
      try await writer.send(Self.command, contextID: 1) { DataSetSeries() }
      try await writer.send(Self.command, contextID: 3)
      let first = try await channel.waitForOutboundWrite(as: DIMSERequest.self)
      #expect(first == .command(Self.command, contextID: 3))
    }
  }

  private func become(_ isWritable: Bool, _ channel: NIOAsyncTestingChannel) async throws {
    try await channel.testingEventLoop.executeInContext {
      channel.isWritable = isWritable
      channel.pipeline.fireChannelWritabilityChanged()
    }
  }

  private static let command: CommandSet = {
    var command = CommandSet(.cEchoRQ)
    command.messageID = 1
    return command
  }()
}

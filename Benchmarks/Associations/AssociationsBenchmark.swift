// SPDX-License-Identifier: Apache-2.0

import DICOMData
import DIMSE
import Foundation
import NIOCore
import NIOPosix
import UpperLayer

/// A node's two layers of protocol and nothing behind them: takes every C-STORE and C-ECHO, keeps nothing, says success.
/// With `canned`, not even these. Prints its port, and runs until it is killed.
@main
struct AssociationsBenchmark {
  static func main() async throws {
    guard CommandLine.arguments.dropFirst().first != "canned" else { return try await CannedAnswers.serve() }
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.backlog, value: 1024)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .bind(host: "127.0.0.1", port: 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureDIMSE(role: .acceptor)
          return try AssociationChannel(wrappingChannelSynchronously: channel, configuration: .init())
        }
      }
    tell(port: server.channel.localAddress?.port)
    try await server.executeThenClose { connections in
      await withDiscardingTaskGroup { group in
        do {
          for try await connection in connections {
            group.addTask(executorPreference: EventLoopExecutor(connection.channel.eventLoop)) {
              try? await serve(connection)
            }
          }
        } catch {
          print("\(error)")
        }
      }
    }
  }

  static func tell(port: Int?) {
    print(port ?? 0)
    fflush(nil)
  }

  private static func serve(_ connection: AssociationChannel) async throws {
    try await connection.executeThenClose { inbound, outbound in
      let messages = MessageReader(inbound)
      let writer = MessageWriter(outbound, on: connection.channel.eventLoop)
      let association = try await Association.accept(messages, writer) { request in
        .success(
          AssociateAC(
            answering: request,
            presentationContexts: request.presentationContexts.map {
              PresentationContextResult(
                id: $0.id, result: .acceptance, transferSyntax: $0.transferSyntaxes.first ?? "")
            },
            userInformation: UserInformation(maximumLength: 128 << 10, implementationClassUID: "1.2.3")))
      }
      guard association != nil else { return }
      while let message = try await messages.next() {
        while try await messages.nextFragment() != nil {}
        try await writer.send(.response(to: message.command, status: .success), contextID: message.contextID)
      }
      try await writer.send(.releaseResponse)
      await messages.untilClosed()
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData
import DIMSE
import Foundation
import NIOCore
import NIOPosix
import UpperLayer

/// A node's two layers of protocol and nothing behind them: takes every C-STORE and C-ECHO, keeps nothing, says success.
/// With `layers`, without a task for each association; with `canned`, not even these. Prints its port, and runs until it is
/// killed.
@main
struct AssociationsBenchmark {
  static func main() async throws {
    switch CommandLine.arguments.dropFirst().first {
    case "canned": try await CannedAnswers.serve()
    case "layers": try await LayersOnly.serve()
    default:
      try await serve { channel in
        try channel.pipeline.syncOperations.configureDIMSE(role: .acceptor)
        let connection = try AssociationChannel(on: channel)
        Task(executorPreference: EventLoopExecutor(channel.eventLoop)) { try? await answer(connection) }
      }
    }
  }

  static func serve(_ initialize: @escaping @Sendable (any Channel) throws -> Void) async throws {
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try initialize(channel) } }
      .bind(host: "127.0.0.1", port: 0).get()
    print(server.localAddress?.port ?? 0)
    fflush(nil)
    try await server.closeFuture.get()
  }

  static func acceptance(of request: AssociateRQ) -> AssociateAC {
    AssociateAC(
      answering: request,
      presentationContexts: request.presentationContexts.map {
        PresentationContextResult(id: $0.id, result: .acceptance, transferSyntax: $0.transferSyntaxes.first ?? "")
      },
      userInformation: UserInformation(maximumLength: 128 << 10, implementationClassUID: "1.2.3"))
  }

  private static func answer(_ connection: AssociationChannel) async throws {
    try await connection.executeThenClose { messages, writer in
      let association = try await Association.accept(messages, writer) { .success(acceptance(of: $0)) }
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

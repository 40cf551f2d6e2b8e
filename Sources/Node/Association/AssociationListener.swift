// SPDX-License-Identifier: Apache-2.0

import Archive
import DIMSE
import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UpperLayer

/// The DICOM port: takes connections, runs one session for each, and ends them within the grace period.
struct AssociationListener: Sendable {

  let address: String
  let port: Int
  private let server: NIOAsyncChannel<AcceptedConnection, Never>
  private let configuration: NodeConfiguration
  private let session: AssociationSession
  private let logger: Logger

  /// The listener of the TLS port, if the node has one.
  static func forTLS(
    configuration: NodeConfiguration, archive: Archive, logger: Logger
  ) async throws -> AssociationListener? {
    guard let settings = configuration.tls else { return nil }
    let tls = try await TLSServer.start(settings, logger: logger)
    return try await AssociationListener(
      configuration: configuration, archive: archive, logger: logger, port: settings.port, tls: tls)
  }

  init(
    configuration: NodeConfiguration, archive: Archive, logger: Logger, port: Int? = nil, tls: TLSServer? = nil
  ) async throws {
    let port = port ?? configuration.port
    self.configuration = configuration
    self.logger = logger
    session = AssociationSession(configuration: configuration, archive: archive)
    do {
      server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .serverChannelOption(.backlog, value: 1024)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .bind(host: configuration.bindAddress, port: port) { channel in
          AcceptedConnection.begin(on: channel, tls) {
            try channel.pipeline.syncOperations.addHandler(QuickAcknowledgement(), position: .first)
            try channel.pipeline.syncOperations.configureDIMSE(role: .acceptor, limits: configuration.limits)
            return try AssociationChannel(wrappingChannelSynchronously: channel, configuration: .init())
          }
        }
    } catch let error as IOError {
      throw OperationError(
        "cannot listen on \(configuration.bindAddress):\(port): \(String(cString: strerror(error.errnoCode)))"
      )
    }
    address = server.channel.localAddress?.ipAddress ?? configuration.bindAddress
    self.port = server.channel.localAddress?.port ?? port
  }

  /// Runs until a graceful shutdown; returns when the last association has ended.
  func run() async throws {
    let channel = server.channel
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try? await gracefulShutdown()
        try await Task.sleep(for: configuration.gracePeriod)
      }
      group.addTask {
        try await withGracefulShutdownHandler {
          try await accept()
        } onGracefulShutdown: {
          channel.close(promise: nil)
        }
      }
      // Either all associations are over, or the grace period is: what is still open is aborted.
      try await group.next()
      group.cancelAll()
    }
  }

  private func accept() async throws {
    try await server.executeThenClose { connections in
      await withDiscardingTaskGroup { group in
        do {
          for try await connection in connections {
            group.addTask { await session.run(connection, logger: logger) }
          }
        } catch {
          logger.error("the listener ended", metadata: ["error": "\(error)"])
        }
      }
    }
  }
}

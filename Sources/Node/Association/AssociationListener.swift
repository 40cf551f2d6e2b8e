// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DIMSE
import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceClasses
import UpperLayer

/// A DICOM port, with TLS or without: takes connections, runs one session for each, and ends them within the grace period.
struct AssociationListener: Sendable {
  let address: String
  let port: Int
  private let server: ListeningPort
  private let registry: AssociationRegistry
  private let gracePeriod: Duration

  /// With `tls` it is the TLS port; without, callers who try TLS are told of `tlsPort`.
  init(
    configuration: NodeConfiguration, archive: Archive, registry: AssociationRegistry, logger: Logger,
    conversion: ObjectConversion, calls: PeerCalls, tls: TLSServer? = nil, tlsPort: Int? = nil
  ) async throws {
    let port = tls?.port ?? configuration.port
    self.registry = registry
    gracePeriod = configuration.gracePeriod
    let session = AssociationSession(
      configuration: configuration, archive: archive, conversion: conversion, calls: calls, registry: registry)
    do {
      server = try await ListeningPort(host: configuration.bindAddress, port: port, logger: logger) { channel in
        let begin = { @Sendable (security: ConnectionSecurity) in
          try Self.begin(
            session, on: channel, security, registry: registry, limits: configuration.limits, logger: logger)
        }
        if let tls { return tls.secure(channel).flatMapThrowing(begin) }
        return channel.eventLoop.makeCompletedFuture { try begin(PlainDoor.secure(channel, tlsPort: tlsPort)) }
      }
    } catch let error as IOError {
      throw OperationError(
        "cannot listen on \(configuration.bindAddress):\(port): \(String(cString: strerror(error.errnoCode)))"
      )
    } catch is SocketAddressError.UnknownHost {
      throw OperationError(
        "cannot listen on '\(configuration.bindAddress)': that is no address, and no name of one; 0.0.0.0 is every network "
          + "that this machine is in")
    }
    address = server.localAddress?.ipAddress ?? configuration.bindAddress
    self.port = server.localAddress?.port ?? port
  }

  /// Each connection gets its task at once: one that nobody took over would stay until ARTIM hangs up.
  private static func begin(
    _ session: AssociationSession, on channel: any Channel, _ security: ConnectionSecurity,
    registry: AssociationRegistry, limits: UpperLayerLimits, logger: Logger
  ) throws {
    guard let address = channel.remoteAddress?.ipAddress else {
      // The system knows where it came from only as long as it is there.
      logger.info("connection ended: the peer reset it before anything was read of it")
      throw ConnectionGone()
    }
    guard let id = registry.open(channel, from: address) else {
      session.refuseForWantOfPlace(from: address, logger: logger)
      throw TooManyConnections()
    }
    do {
      try channel.writePiecesInTurn()
      try channel.pipeline.syncOperations.addHandlers(AnswerWatch(), QuickAcknowledgement(), position: .first)
      try channel.pipeline.syncOperations.configureDIMSE(role: .acceptor, limits: limits)
      let connection = try AssociationChannel(on: channel)
      registry.attach(
        Task(executorPreference: EventLoopExecutor(channel.eventLoop)) {
          await session.run(connection, security, id: id, from: address, logger: logger)
          registry.close(id)
        }, to: id)
    } catch {
      registry.close(id)
      throw error
    }
  }

  /// Runs until a graceful shutdown, cancellation, or the node stands aside; returns when the last association has ended.
  func run(until aside: StandingAside) async throws {
    await aside.orGracefulShutdown()
    await server.close()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await registry.drained() }
      group.addTask {
        try? await Task.sleep(for: gracePeriod)
        registry.abortAll()
      }
      // Either all associations are over, or the grace period is and what is still open is aborted.
      await group.next()
      group.cancelAll()
      await registry.drained()
    }
  }
}

private struct TooManyConnections: Error {}
private struct ConnectionGone: Error {}

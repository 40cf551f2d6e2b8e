// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DICOMData
import DIMSE
import Foundation
import Logging
import NIOCore
import ServiceClasses
import UpperLayer

/// What happens on one connection, from its first byte to its last.
final class AssociationSession: Sendable {
  private let admission: AssociationAdmission
  private let registry: AssociationRegistry
  private let services: NodeServices

  init(
    configuration: NodeConfiguration, archive: Archive, conversion: ObjectConversion, calls: PeerCalls,
    registry: AssociationRegistry
  ) {
    admission = AssociationAdmission(
      aeTitle: configuration.aeTitle, maximumLength: configuration.limits.maximumLength,
      assumesGetRoles: configuration.assumesGetRoles, archive: archive, registry: registry)
    self.registry = registry
    services = NodeServices(
      configuration: configuration, archive: archive, conversion: conversion, calls: calls,
      retrieves: registry.retrieves)
  }

  func run(
    _ connection: AssociationChannel, _ security: ConnectionSecurity, id: AssociationRegistry.ID, from address: String,
    logger: Logger
  ) async {
    var logger = logger
    logger[metadataKey: "from"] = "\(address)"
    // What 'collimator associations' calls it: what several of one peer say is told apart.
    logger[metadataKey: "number"] = "\(id)"
    do {
      try await connection.executeThenClose { messages, writer in
        do {
          try await serve(
            messages, writer, id, security, from: address,
            until: connection.channel.closeFuture, logger: &logger)
        } catch {
          // Nothing is left to say on this association: the peer is told, and not left to find out. Where it is over
          // already, the state machine knows.
          connection.channel.writeAndFlush(DIMSERequest.abort(.byUser), promise: nil)
          await messages.untilClosed()
          throw error
        }
        await messages.untilClosed()
      }
    } catch AssociationEnd.refused(let refusal) {
      admission.record(refusal, from: address, logger: logger)
    } catch let failure as TLSFailure {
      refuse("the peer \(failure)", from: address, logger)
    } catch is RecordedEnd {
      return
    } catch let end as AssociationEnd {
      logger.info("association ended: \(end)")
    } catch is CancellationError {
      logger.info("association ended: the node is stopping")
    } catch {
      logger.info("connection ended: \(ConnectionFailure(error))")
    }
  }

  /// A connection for which there is no place: closed without a word, but not without a record.
  func refuseForWantOfPlace(from address: String, logger: Logger) {
    refuse(registry.connectionRefusal(from: address), from: address, logger)
  }

  /// One line, one knock, one entry among the last refusals; nobody has said a title yet.
  private func refuse(_ why: String, from address: String, _ logger: Logger) {
    logger.notice("connection refused: \(why)", metadata: ["from": "\(address)"])
    registry.refuse(
      RefusedAssociation(at: Date(), address: address, callingAETitle: "", calledAETitle: "", reason: why))
    services.archive.recordKnock(callingAETitle: "", calledAETitle: "", address: address, reason: why)
  }

  /// Returns when the association was rejected or released.
  private func serve(
    _ messages: MessageReader, _ writer: MessageWriter, _ connection: AssociationRegistry.ID,
    _ security: ConnectionSecurity, from address: String, until closed: EventLoopFuture<Void>, logger: inout Logger
  ) async throws {
    defer { registry.end(connection) }
    var admitted: AssociationAdmission.Admitted?
    do {
      let association = try await Association.accept(messages, writer) { request in
        // Nothing is read before the handshake is done, so that what it showed is known by now.
        let connected = ConnectedCaller(connection: connection, address: address, transport: try security.transport)
        logger = logger.naming(security)
        switch await admission.judge(request, of: connected, logger: logger) {
        case .success(let found):
          admitted = found
          logger[metadataKey: "calling"] = "\(request.callingAETitle.printable)"
          return .success(found.acceptance)
        case .failure(let rejection): return .failure(rejection)
        }
      }
      guard let association, let caller = admitted?.caller else { return }
      let conversation = ServiceConversation(
        association: association, caller: caller, from: address, services: services, logger: logger, closed: closed
      ) { [registry] operation in registry.note(operation, on: connection) }
      try await conversation.run()
    } catch {
      guard let admitted, let end = await end(error, heardBy: messages), end.isBreach else { throw error }
      admission.record(end, of: admitted, from: address, logger: logger)
      throw RecordedEnd()
    }
    guard admitted != nil else { return }
    // After it nothing more may be sent (PS3.8 Sta13): not the last responses either.
    try await writer.settle()
    try await writer.send(.releaseResponse)
    logger.info("association released")
  }

  /// Why the association ended; where writing failed that stands behind what was read.
  private func end(_ error: any Error, heardBy messages: MessageReader) async -> AssociationEnd? {
    switch error {
    case AssociationEnd.connectionClosed, is ChannelError, is IOError: await messages.end()
    case let end as AssociationEnd: end
    default: nil
    }
  }
}

/// What ended an association has been said where who called was known.
private struct RecordedEnd: Error {}

extension AssociationEnd {
  /// It was the peer's doing, or omission, and this node that ended it.
  fileprivate var isBreach: Bool {
    switch self {
    case .protocolViolation, .timedOut, .abortedLocally: true
    case .rejected, .abortedByPeer, .connectionClosed, .refused, .overloaded: false
    }
  }
}

/// Who is at the other end, before anything was said.
struct ConnectedCaller: Sendable {
  let connection: AssociationRegistry.ID
  let address: String
  let transport: Transport
}

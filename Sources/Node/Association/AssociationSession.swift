// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import DIMSE
import Logging
import NIOCore
import ServiceClasses
import UpperLayer

/// What happens on one connection, from its first byte to its last.
struct AssociationSession: Sendable {
  private let admission: AssociationAdmission
  private let archive: Archive
  private let aeTitle: String

  init(configuration: NodeConfiguration, archive: Archive) {
    admission = AssociationAdmission(
      aeTitle: configuration.aeTitle, maximumLength: configuration.limits.maximumLength, archive: archive)
    self.archive = archive
    aeTitle = configuration.aeTitle
  }

  func run(_ accepted: AcceptedConnection, logger: Logger) async {
    let connection = accepted.channel
    let address = accepted.tls?.address ?? connection.channel.remoteAddress?.ipAddress ?? "unknown"
    var logger = logger
    logger[metadataKey: "from"] = "\(address)"
    do {
      try await connection.executeThenClose { inbound, outbound in
        let messages = MessageReader(inbound)
        do {
          try await serve(messages, MessageWriter(outbound), accepted.tls, from: address, logger: logger)
          await messages.untilClosed()
        } catch  where Task.isCancelled {
          // The grace period is over: the peer is told, and not left to find out.
          connection.channel.writeAndFlush(DIMSERequest.abort(.byUser), promise: nil)
        }
      }
    } catch let failure as TLSFailure {
      logger.notice("TLS refused: the peer \(failure)")
    } catch let end as AssociationEnd {
      logger.info("association ended: \(end)")
    } catch {
      logger.info("connection ended", metadata: ["error": "\(error)"])
    }
  }

  /// Returns when the association was rejected or released.
  private func serve(
    _ messages: MessageReader, _ writer: MessageWriter, _ tls: TLSConnection?, from address: String,
    logger: Logger
  ) async throws {
    var caller: Caller?
    let association = try await Association.accept(messages, writer) { request in
      switch try await admission.judge(request, from: address, tls: tls?.session, logger: logger) {
      case .success(let admitted):
        caller = admitted.caller
        return .success(admitted.acceptance)
      case .failure(let rejection): return .failure(rejection)
      }
    }
    guard let association, let caller else { return }
    var conversation = ServiceConversation(
      association: association, caller: caller, archive: archive, aeTitle: aeTitle, logger: logger)
    try await conversation.run()
    try await writer.send(.releaseResponse)
    logger.info("association released", metadata: ["calling": "\(association.request.callingAETitle)"])
  }
}

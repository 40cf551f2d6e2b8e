// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
import DICOMData
package import DIMSE
package import Logging

/// The Retrieve service as SCP (PS3.4 C.4.2, C.4.3): what the caller may see of what the identifier names is sent, object by
/// object, on the caller's association or to a destination. Cancelling the task is C-CANCEL.
package struct RetrieveService: Sendable {
  /// How a retrieve ended: with its counts, and a sentence where not all went well.
  package struct Outcome: Sendable {
    package let counts: SubOperationCounts
    package let comment: String?
  }

  /// Sends pending responses.
  package typealias Report = @Sendable (CommandSet) async throws -> Void

  private let archive: Archive
  private let conversion: ObjectConversion
  private let connecting: any MoveConnecting

  package init(archive: Archive, conversion: ObjectConversion, connecting: any MoveConnecting) {
    self.archive = archive
    self.conversion = conversion
    self.connecting = connecting
  }

  /// C-GET. Throws what the peer is to be told, or what ended the association.
  package func get(
    _ request: ServiceRequest, model: InformationModel, identifier bytes: [UInt8], over association: GetAssociation,
    logger: Logger, report: @escaping Report
  ) async throws -> Outcome {
    try await requireRight(of: request.caller)
    let identifier = try RetrieveIdentifier(
      reading: bytes, transferSyntax: request.transferSyntax, model: model,
      isRelational: request.negotiated.isRelational)
    let operations = try await operations(identifier, request, to: nil, logger, report)
    try await operations.progress.ticking {
      for instance in operations.plan.instances where !Task.isCancelled {
        do {
          try await operations.perform(instance, accepted: association.transferSyntaxUIDs) { object in
            // A message that was begun is sent to its end, and its answer is waited for, cancelled or not.
            try await Task { try await association.store(object) }.value
          }
        } catch is CancellationError {
          break
        }
      }
    }
    return outcome(of: operations)
  }

  /// C-MOVE. Throws what the peer is to be told.
  package func move(
    _ request: ServiceRequest, model: InformationModel, identifier bytes: [UInt8], logger: Logger,
    report: @escaping Report
  ) async throws -> Outcome {
    try await requireRight(of: request.caller)
    let identifier = try RetrieveIdentifier(
      reading: bytes, transferSyntax: request.transferSyntax, model: model,
      isRelational: request.negotiated.isRelational)
    let destination = try await destination(of: request.command, logger)
    let operations = try await operations(identifier, request, to: destination.caller, logger, report)
    let originator = MoveOriginator(
      aeTitle: request.callingAETitle, messageID: request.command.messageID ?? 0)
    // Before the destination hears anything: already which SOP classes there are is not for everybody.
    let open = try await operations.plan.instances(openTo: destination.caller)
    let transfer = MoveTransfer(
      operations: operations, instances: open, destination: destination, originator: originator,
      connecting: connecting)
    try await operations.progress.ticking {
      await operations.fail(allBut: open, RetrievePlan.notOpenToReceiver)
      await transfer.run()
    }
    return outcome(of: operations)
  }

  /// Long enough for what it takes to look for one study, or a list of some.
  private static let pace = Duration.milliseconds(5)

  private func operations(
    _ identifier: RetrieveIdentifier, _ request: ServiceRequest, to receiver: Caller?, _ logger: Logger,
    _ report: @escaping Report
  ) async throws -> SubOperations {
    let pace = EmptyAnswerPace(step: Self.pace)
    let plan = try await RetrievePlan(identifier, as: request.caller, of: archive)
    if plan.instances.isEmpty { await pace.hold() }
    let progress = RetrieveProgress(total: plan.instances.count, of: request.command, send: report)
    return SubOperations(
      plan: plan, receiver: receiver, progress: progress, conversion: conversion, archive: archive, logger: logger)
  }

  private func outcome(of operations: SubOperations) -> Outcome {
    Outcome(counts: operations.progress.counts, comment: operations.firstFailure)
  }

  private func requireRight(of caller: Caller) async throws {
    guard try await archive.rights(of: caller).contains(.retrieve) else {
      throw ServiceFailure(.refusedNotAuthorized, "this peer may not retrieve here (any more)")
    }
  }

  private func destination(of command: CommandSet, _ logger: Logger) async throws -> MoveDestination {
    let unknown = ServiceFailure(.moveDestinationUnknown, "the move destination is not known here")
    guard let title = command.moveDestination else { throw unknown }
    switch try await archive.moveDestination(aeTitle: title) {
    case .one(let destination): return destination
    case .unknown: throw unknown
    case .unusable(let why):
      logger.warning("a move is refused: \(why)")
      throw unknown
    }
  }
}

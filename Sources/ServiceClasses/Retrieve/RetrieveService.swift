// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
package import DICOMData
package import DIMSE
package import Logging

/// The Retrieve service as SCP (PS3.4 C.4.2, C.4.3): what the caller may see of what the identifier names is sent, object by
/// object, on the caller's association or to a destination. Cancelling the task is C-CANCEL.
package struct RetrieveService: Sendable {
  /// How a retrieve ended: with its counts, and a sentence where not all went well.
  package struct Outcome: Sendable {
    package let counts: SubOperationCounts
    package let comment: String?
    let plan: RetrievePlan

    /// The last response, and the identifier that goes with it; it is on its way when the disclosure ends. What was taken from
    /// the caller meanwhile stays counted, for the number was told, and is not named.
    package func final(
      to command: CommandSet
    ) async -> (response: CommandSet, identifier: DataSetBuilder?, disclosure: Disclosures.Disclosure?) {
      guard counts.failed > 0 else {
        let (response, identifier) = counts.final(to: command, comment: comment)
        return (response, identifier, nil)
      }
      // A cancelled task may ask the archive nothing, and still owes the peer what failed.
      let (named, disclosure) = await Task { await plan.tellable(counts.failedSOPInstanceUIDs) }.value
      let (response, identifier) = counts.final(to: command, naming: named, comment: comment)
      return (response, identifier, disclosure)
    }
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
    let (identifier, operations) = try await recordingRefusals(request, "C-GET") {
      try await requireRight(of: request.caller)
      let identifier = try RetrieveIdentifier(
        reading: bytes, transferSyntax: request.transferSyntax, model: model,
        isRelational: request.negotiated.isRelational)
      return (identifier, try await self.operations(identifier, request, for: .retrieve, to: nil, logger, report))
    }
    let record = RetrieveRecord(
      archive.audited(.retrieve, "C-GET", as: request.caller, detail: identifier.description), of: operations)
    return try await record.during(operations.plan.instances) {
      try await operations.progress.ticking {
        let stop = StopSignal()
        try await withTaskCancellationHandler {
          // Between an answer and the next object no other thread has to wake up. A message that was begun is sent to its end,
          // and its answer is waited for, cancelled or not.
          try await Task(executorPreference: association.executor) {
            try await operations.performAll(
              until: stop, on: association.executor, accepted: association.transferSyntaxUIDs, store: association.store)
          }.value
        } onCancel: {
          stop.raise()
        }
      }
      return outcome(of: operations)
    }
  }

  /// C-MOVE. Throws what the peer is to be told.
  package func move(
    _ request: ServiceRequest, model: InformationModel, identifier bytes: [UInt8], logger: Logger,
    report: @escaping Report
  ) async throws -> Outcome {
    let (identifier, destination, operations) = try await recordingRefusals(request, "C-MOVE") {
      try await requireRight(of: request.caller)
      let identifier = try RetrieveIdentifier(
        reading: bytes, transferSyntax: request.transferSyntax, model: model,
        isRelational: request.negotiated.isRelational)
      let destination = try await self.destination(of: request.command, logger)
      // To the peer through which the caller calls, it is the caller's own retrieve; to any other, it is sent to somebody else.
      let isOwn = destination.caller.peer == request.caller.peer
      let receiver = isOwn ? request.caller : destination.caller
      let operations = try await self.operations(
        identifier, request, for: isOwn ? .retrieve : .send, to: receiver, logger, report)
      return (identifier, destination, operations)
    }
    let record = RetrieveRecord(
      archive.audited(
        .retrieve, "C-MOVE", as: request.caller, detail: identifier.description, destination: destination.description),
      of: operations)
    let originator = MoveOriginator(
      aeTitle: request.callingAETitle, messageID: request.command.messageID ?? 0)
    // Before the destination hears anything: already which SOP classes there are is not for everybody.
    let open = try await operations.open()
    let transfer = MoveTransfer(
      operations: operations, instances: open, destination: destination, originator: originator,
      connecting: connecting)
    return try await record.during(open) {
      try await operations.progress.ticking {
        await operations.fail(allBut: open, RetrievePlan.notOpenToReceiver)
        try await transfer.run()
      }
      return outcome(of: operations)
    }
  }

  /// What is refused before anything was looked for is recorded too.
  private func recordingRefusals<Value>(
    _ request: ServiceRequest, _ act: String, _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch let failure as ServiceFailure {
      let named = request.command.moveDestination.map { "to '\($0)': " } ?? ""
      try? await archive.audited(.retrieve, act, as: request.caller, detail: "")
        .end(.refused, count: 0, remark: "\(named)\(failure.status) \(failure.comment)")
      throw failure
    }
  }

  /// Long enough for what it takes to look for one study, or a list of some.
  private static let pace = Duration.milliseconds(5)

  private func operations(
    _ identifier: RetrieveIdentifier, _ request: ServiceRequest, for rights: GrantRights, to receiver: Caller?,
    _ logger: Logger,
    _ report: @escaping Report
  ) async throws -> SubOperations {
    let pace = EmptyAnswerPace(step: Self.pace)
    let plan = try await RetrievePlan(
      identifier, as: request.caller, for: rights, of: archive, isSorted: receiver != nil)
    if plan.instances.isEmpty {
      let isSeen = try await isSeen(identifier, by: request.caller, otherwiseThanFor: rights)
      await pace.hold()
      if isSeen {
        throw ServiceFailure(
          .refusedNotAuthorized,
          rights == .send ? "not open to the caller to send to others" : "open to the caller to find, not to retrieve")
      }
    }
    let progress = RetrieveProgress(total: plan.instances.count, of: request.command, send: report)
    return SubOperations(
      plan: plan, receiver: receiver, progress: progress, conversion: conversion, archive: archive, logger: logger)
  }

  /// Whether the caller sees what is asked for, and may do something else with it: that is no secret, and silence would be taken
  /// for there being nothing.
  private func isSeen(
    _ identifier: RetrieveIdentifier, by caller: Caller, otherwiseThanFor rights: GrantRights
  ) async throws -> Bool {
    let mayQuery = try await archive.rights(of: caller).contains(.query)
    for other in mayQuery ? [GrantRights.query, .retrieve] : [.retrieve] where other != rights {
      let plan = try await RetrievePlan(identifier, as: caller, for: other, of: archive, isSorted: false)
      if !plan.instances.isEmpty { return true }
    }
    return false
  }

  private func outcome(of operations: SubOperations) -> Outcome {
    Outcome(counts: operations.progress.counts, comment: operations.firstFailure, plan: operations.plan)
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

// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DICOMData
import DIMSE
import Logging
import NIOCore
import ServiceClasses
import Synchronization
import UpperLayer

/// Brings one operation to its final response, beside others and beside what is read on.
struct ServiceResponder: Sendable {
  let writer: MessageWriter
  let caller: Caller
  let services: NodeServices
  let logger: Logger
  let breach = Breach()
  private let refusals = RefusalCount()
  private static let mostNamed = 1000

  init(writer: MessageWriter, caller: Caller, services: NodeServices, logger: Logger) {
    self.writer = writer
    self.caller = caller
    self.services = services
    self.logger = logger
  }

  /// C-STORE-RSP, when the archive says that the object is there to stay.
  func commit(
    _ arrived: ArrivedObject, _ command: CommandSet, contextID: UInt8, answered: @Sendable () -> Void = {}
  ) async throws {
    do {
      defer { answered() }
      let receipt = try await arrived.commit()
      for remark in receipt.remarks { logger.notice("kept as received: \(remark)") }
      if receipt.outcome == .keptBesideAnother {
        logger.warning("another object with the same SOP Instance UID is stored; both are kept")
      }
    } catch {
      return try await refuse(error, command, contextID: contextID)
    }
    try await writer.send(.response(to: command, status: .success), contextID: contextID)
  }

  /// The C-FIND-RSPs.
  func find(
    _ request: ServiceRequest, model: InformationModel, identifier: ByteBuffer, contextID: UInt8,
    answered: @Sendable () -> Void
  ) async {
    let command = request.command
    var final = CommandSet.response(to: command, status: .success)
    do {
      let matches = try await services.find.find(
        request, model: model, identifier: Array(identifier.readableBytesView),
        await: { [writer] in writer.awaitAnswer($0) }
      ) {
        try await writer.send($0, contextID: contextID, dataSets: $1)
        // Matches are found faster than an event loop sends them: without a halt they pile up in memory before it.
        if !writer.isEmptied { try await writer.settle() }
      }
      logger.info("query answered", metadata: ["matches": "\(matches)"])
    } catch let failure as ServiceFailure {
      log("query ended", failure, usually: .info)
      final = failure.response(to: command)
    } catch  where Task.isCancelled {
      // Whatever the archive calls it that it was stopped.
      let failure = ServiceFailure(.cancel, "given up")
      log("query ended", failure, usually: .info)
      final = failure.response(to: command)
    } catch {
      logger.error("query failed", metadata: ["error": "\(error)"])
      final = ServiceFailure(.unableToProcess, "the archive could not be read; see the node's log")
        .response(to: command)
    }
    answered()
    guard Task.isCancelled else {
      try? await writer.send(final, contextID: contextID)
      return
    }
    // A cancelled task still owes the peer its final response; where the peer is gone, nobody waits for it.
    let last = final
    await Task { try? await writer.send(last, contextID: contextID) }.value
  }

  /// The C-GET-RSPs.
  func get(
    _ request: ServiceRequest, model: InformationModel, identifier: ByteBuffer, over association: GetAssociation,
    contextID: UInt8, answered: @Sendable () -> Void
  ) async {
    await retrieve(request, contextID: contextID, answered: answered) { logger, report in
      try await services.retrieve.get(
        request, model: model, identifier: Array(identifier.readableBytesView), over: association, logger: logger,
        report: report)
    }
  }

  /// The C-MOVE-RSPs.
  func move(
    _ request: ServiceRequest, model: InformationModel, identifier: ByteBuffer, contextID: UInt8,
    answered: @Sendable () -> Void
  ) async {
    await retrieve(request, contextID: contextID, answered: answered) { logger, report in
      try await services.retrieve.move(
        request, model: model, identifier: Array(identifier.readableBytesView), logger: logger, report: report)
    }
  }

  /// The N-ACTION-RSP; and the N-EVENT-REPORT-RQ where the peer hears it on this association.
  func commitment(
    _ request: ServiceRequest, action: ByteBuffer, over conversation: CommitmentConversation,
    answered: @Sendable () -> Void
  ) async {
    let taken: (number: Int64, isReportedHere: Bool)
    do {
      // What was asked is taken to the end: a peer that asks for release right behind it asked all the same.
      taken = try await Task {
        let isReportedHere = try await services.archive.commitments.isReportedOnSameAssociation(
          to: request.caller, from: conversation.address)
        let number = try await services.commitment.accept(
          request, action: Array(action.readableBytesView), from: conversation.address, isReportedHere: isReportedHere)
        return (number, isReportedHere)
      }.value
    } catch {
      let failure =
        error as? ServiceFailure
        ?? ServiceFailure(.processingFailure, "the archive cannot be asked; see the node's log")
      if !(error is ServiceFailure) { logger.error("commitment failed", metadata: ["error": "\(error)"]) }
      answered()
      await Task { try? await refuse(failure, request.command, contextID: conversation.context.id) }.value
      return
    }
    answered()
    await Task {
      var response = CommandSet.response(to: request.command, status: .success)
      response.actionTypeID = request.command.actionTypeID
      try? await writer.send(response, contextID: conversation.context.id)
    }.value
    guard taken.isReportedHere, conversation.reports.begin(taken.number) else { return }
    var numbers = [taken.number]
    repeat {
      await report(numbers, over: conversation)
      numbers = conversation.reports.next()
    } while !numbers.isEmpty
  }

  /// The N-ACTION-RSP to a code.
  func redeem(
    _ request: ServiceRequest, action: ByteBuffer, contextID: UInt8, answered: @Sendable () -> Void
  ) async {
    let grant: Grant
    do {
      // Once begun it is done to the end: the code would be gone, and nobody would know what for.
      let redemption = services.redemption
      grant = try await Task {
        try await redemption.redeem(request, action: Array(action.readableBytesView))
      }.value
    } catch {
      let failure =
        error as? ServiceFailure
        ?? ServiceFailure(.processingFailure, "the archive cannot be asked; see the node's log")
      if !(error is ServiceFailure) { logger.error("a code was not redeemed", metadata: ["error": "\(error)"]) }
      answered()
      await Task {
        // That a code was refused is on record already.
        guard failure.status == .refusedNotAuthorized else {
          try? await refuse(failure, request.command, contextID: contextID)
          return
        }
        log("a code is refused", failure)
        try? await writer.send(failure.response(to: request.command), contextID: contextID)
      }.value
      return
    }
    logger.notice("a code was redeemed: grant \(grant.number)")
    answered()
    await Task {
      var response = CommandSet.response(to: request.command, status: .success)
      response.actionTypeID = request.command.actionTypeID
      response.hasDataSet = true
      let open =
        // Its number would tell how many there are.
        "\(grant.scope) is open to '\(grant.grantee)'"
        + (grant.until.map { " until \(Moment.text($0))" } ?? "")
      let reply = RedemptionAction.dataSet(open).encoded(as: request.transferSyntax)
      try? await writer.send(response, contextID: contextID, dataSet: ByteBuffer(bytes: reply))
    }.value
  }

  /// One after the other; where one fails, it and those behind it wait for another association.
  private func report(_ numbers: [Int64], over conversation: CommitmentConversation) async {
    let commitments = services.archive.commitments
    var left = numbers[...]
    do {
      while let number = left.first {
        if let commitment = try await commitments.judged(number) { try await report(commitment, over: conversation) }
        left.removeFirst()
      }
    } catch {
      logger.info(
        "storage commitments are reported later, on another association",
        metadata: ["why": "\(ConnectionFailure(error))", "reports": "\(left.count)"])
      // Also where the task was cancelled.
      await Task { [left] in try? await commitments.release(Array(left)) }.value
    }
  }

  private func report(_ commitment: Commitment, over conversation: CommitmentConversation) async throws {
    let record = CommitmentRecord(
      of: commitment, to: "\(caller.peerName) at \(conversation.address)", in: services.archive)
    let status = try await record.during {
      try await services.commitment.send(
        services.commitment.report(of: commitment), over: writer, conversation.context,
        awaiting: conversation.responses, within: services.answersWithin)
    }
    let reporting = CommitmentReporting(
      archive: services.archive, service: services.commitment, calls: services.calls, logger: logger)
    try await reporting.settle(commitment, status: status)
  }

  private func retrieve(
    _ request: ServiceRequest, contextID: UInt8, answered: @Sendable () -> Void,
    _ body: (Logger, @escaping RetrieveService.Report) async throws -> RetrieveService.Outcome
  ) async {
    let command = request.command
    var final: CommandSet
    var identifier: ByteBuffer?
    var disclosure: Disclosures.Disclosure?
    defer { disclosure?.end() }
    let peer = request.caller.peerName
    guard services.retrieves.take(for: peer) else {
      answered()
      // PS3.4 Table C.4-2, C.4-3: another time it may go.
      let failure = ServiceFailure(.cannotPerformSuboperations, "too many retrieves at once: try again later")
      return await Task { try? await refuse(failure, command, contextID: contextID) }.value
    }
    defer { services.retrieves.giveBack(for: peer) }
    do {
      let outcome = try await body(logger) { [writer] in try await writer.send($0, contextID: contextID) }
      let (response, failed, telling) = await outcome.final(to: command)
      (final, disclosure) = (response, telling)
      identifier = failed.map { ByteBuffer(bytes: $0.encoded(as: request.transferSyntax)) }
      log(outcome, of: command)
    } catch let failure as ServiceFailure {
      log("\(command.commandField) refused", failure)
      final = failure.response(to: command)
    } catch let broken as BrokenAssociation {
      logger.notice("\(command.commandField) ended with the association: \(ConnectionFailure(broken.cause))")
      breach.note(broken.cause)
      // Half a message may be on its way: nothing can follow it.
      return await Task { try? await writer.send(.abort(.byUser)) }.value
    } catch  where Task.isCancelled {
      final = .response(to: command, status: .cancel)
    } catch {
      logger.error("retrieve failed", metadata: ["error": "\(error)"])
      final = ServiceFailure(.unableToProcess, "the archive could not be read; see the node's log")
        .response(to: command)
    }
    answered()
    let (last, dataSet) = (final, identifier)
    // A cancelled task still owes the peer its final response; where the peer is gone, nobody waits for it.
    await Task { try? await writer.send(last, contextID: contextID, dataSet: dataSet) }.value
  }

  private func log(_ outcome: RetrieveService.Outcome, of command: CommandSet) {
    let counts = outcome.counts
    logger.info(
      "\(command.commandField) answered: \(counts.status)",
      metadata: [
        "completed": "\(counts.completed)", "failed": "\(counts.failed)", "warning": "\(counts.warning)",
        "remaining": "\(counts.remaining)",
      ])
  }

  /// What goes wrong on this machine is nobody else's fault, and somebody has to look after it.
  /// A peer that is refused on and on would fill the disk with it.
  private func log(_ what: String, _ failure: ServiceFailure, usually level: Logger.Level = .notice) {
    // Whoever cancels is refused nothing.
    let count = failure.status == .cancel ? 0 : refusals.next()
    if count == Self.mostNamed + 1 {
      logger.notice("\(Self.mostNamed) operations were refused on this association: those that follow are not named")
    }
    guard count <= Self.mostNamed || failure.cause != nil else { return }
    logger.log(
      level: failure.cause == nil ? level : .error, "\(what): \(failure.status) \(failure.comment)",
      metadata: failure.cause.map { ["cause": "\($0)"] })
  }

  func refuse(_ failure: ServiceFailure, _ command: CommandSet, contextID: UInt8) async throws {
    log("\(command.commandField) refused", failure)
    services.archive.noteRefusal(of: command, by: caller, failure)
    try await writer.send(failure.response(to: command), contextID: contextID)
  }
}

/// The association of an N-ACTION, as far as its report needs it.
struct CommitmentConversation: Sendable {
  let writer: MessageWriter
  let context: AcceptedContext
  let responses: AwaitedResponses
  let reports: ReportsInTurn
  let address: String
}

/// How often something was refused on one association.
private final class RefusalCount: Sendable {
  private let count = Atomic(0)

  func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}

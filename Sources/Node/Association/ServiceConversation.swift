// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import DIMSE
import Logging
import NIOCore
import ServiceClasses
import UpperLayer

/// The messages of one association: each request goes to its service, each service's return goes back as the response.
struct ServiceConversation {
  /// An identifier with ten thousand UIDs stays below it.
  private static let longestIdentifier = 4 << 20
  private static let shortIdentifier = 8 << 10
  /// Queries side by side, whatever was agreed: the peer that gave one up may ask the next before the first is over.
  private static let mostQueries = 4

  private let association: Association
  /// Where the peer called from.
  private let address: String
  private let caller: Caller
  private let services: NodeServices
  private let responder: ServiceResponder
  private let operations = OutstandingOperations()
  /// To the C-STOREs of a C-GET, and to storage commitment reports.
  private let responses = AwaitedResponses()
  private let reports = ReportsInTurn()
  /// How many C-STOREs may wait for the disk at once.
  private let window: Int
  private let closed: EventLoopFuture<Void>
  private let note: @Sendable (CommandField) -> Void

  /// `closed`: the connection is. `note` hears of each request that is taken.
  init(
    association: Association, caller: Caller, from address: String, services: NodeServices, logger: Logger,
    closed: EventLoopFuture<Void>, note: @escaping @Sendable (CommandField) -> Void
  ) {
    self.note = note
    self.closed = closed
    self.association = association
    self.caller = caller
    self.address = address
    self.services = services
    responder = ServiceResponder(
      writer: association.writer, caller: caller, services: services, logger: logger)
    window = association.agreed.asynchronousOperationsWindow.map { max(1, Int($0.invoked)) } ?? 1
  }

  /// Until the peer asks for release. A peer that does so before its answers are complete wants no more of them.
  func run() async throws {
    // Whatever keeps the reader from reading on: what waits for a peer that is gone does not wait for the reader to see it.
    closed.whenComplete { [responses, operations] _ in
      responses.end(AssociationEnd.connectionClosed)
      operations.cancelAll()
    }
    do {
      while let message = try await association.messages.next() {
        try await take(message)
        if association.messages.endsTurn() { await EventLoopTurns.giveWay(on: association.writer.eventLoop) }
      }
      if Task.isCancelled { throw CancellationError() }
    } catch {
      responses.end(error)
      await operations.endAll()
      throw responder.breach.known ?? error
    }
    responses.end(AssociationEnd.connectionClosed)
    await operations.endAll()
  }

  private func take(_ message: Message) async throws {
    let command = message.command
    if command.commandField == .cCancelRQ {
      return operations.cancel(command.messageIDBeingRespondedTo)
    }
    if command.commandField == .cStoreRSP || command.commandField == .nEventReportRSP { return responses.take(command) }
    // Other responses answer nothing that this node asked.
    guard !command.commandField.isResponse, let context = association.contexts[message.contextID],
      let syntax = TransferSyntax(uid: context.transferSyntaxUID)
    else { return }
    let request = ServiceRequest(
      command: command, abstractSyntax: context.abstractSyntax, transferSyntax: syntax, caller: caller,
      callingAETitle: association.callingAETitle, negotiated: negotiated(context.abstractSyntax))
    guard !operations.isOutstanding(command.messageID) else {
      return try await responder.refuse(
        ServiceFailure(.duplicateInvocation, "the Message ID is that of an operation that goes on"), command,
        contextID: context.id)
    }
    note(command.commandField)
    try await perform(request, on: context)
  }

  private func perform(_ request: ServiceRequest, on context: AcceptedContext) async throws {
    let command = request.command
    let service = OfferedService(abstractSyntax: context.abstractSyntax, acceptsPrivateSOPClasses: true)
    switch (command.commandField, service) {
    // PS3.7 §9.1.2 and §9.1.5. Of a C-STORE the archive says A900, and who leaves the class out means the context's.
    case (.cEchoRQ, .verification) where command.names(otherThan: context.abstractSyntax),
      (.cFindRQ, .find) where command.names(otherThan: context.abstractSyntax):
      try await responder.refuse(
        ServiceFailure(.sopClassNotSupported, "the SOP class is not that of the presentation context"), command,
        contextID: context.id)
    case (.cEchoRQ, .verification):
      try await association.writer.send(VerificationService.response(to: command), contextID: context.id)
    case (.cStoreRQ, .storage): try await store(request, contextID: context.id)
    case (.cFindRQ, .find(let model)):
      try await answer(request, contextID: context.id, on: association.writer.executor) { [responder] in
        await responder.find(request, model: model, identifier: $0, contextID: context.id, answered: $1)
      }
    case (.cGetRQ, .get(let model)): try await get(request, model: model, on: context)
    case (.cMoveRQ, .move(let model)):
      try await answer(request, contextID: context.id) { [responder] in
        await responder.move(request, model: model, identifier: $0, contextID: context.id, answered: $1)
      }
    case (.nActionRQ, .commitment): try await commit(request, on: context)
    case (.nActionRQ, .redemption) where command.hasDataSet:
      try await answer(request, contextID: context.id) { [responder] in
        await responder.redeem(request, action: $0, contextID: context.id, answered: $1)
      }
    default:
      try await responder.refuse(
        ServiceFailure(.unrecognizedOperation, "this operation has no place on this presentation context"),
        command, contextID: context.id)
    }
  }

  private func get(_ request: ServiceRequest, model: InformationModel, on context: AcceptedContext) async throws {
    let association = GetAssociation(
      association, assumesRoles: services.assumesGetRoles, responses: responses,
      answersWithin: services.answersWithin)
    try await answer(request, contextID: context.id) { [responder] in
      await responder.get(
        request, model: model, identifier: $0, over: association, contextID: context.id, answered: $1)
    }
  }

  private func commit(_ request: ServiceRequest, on context: AcceptedContext) async throws {
    let conversation = CommitmentConversation(
      writer: association.writer, context: context, responses: responses, reports: reports, address: address)
    try await answer(request, contextID: context.id) { [responder] in
      await responder.commitment(request, action: $0, over: conversation, answered: $1)
    }
  }

  private func negotiated(_ abstractSyntax: String) -> QueryNegotiation {
    QueryNegotiation(association.agreed.extendedNegotiations.first { $0.sopClassUID == abstractSyntax })
  }

  private func store(_ request: ServiceRequest, contextID: UInt8) async throws {
    let arrived: ArrivedObject
    do {
      guard request.command.hasDataSet else {
        throw ServiceFailure(.cannotUnderstand, "the C-STORE-RQ has no data set")
      }
      let messages = association.messages
      try await operations.room(below: window)
      arrived = try await services.storage.receive(request) { try await messages.nextFragment() }
    } catch let failure as ServiceFailure {
      return try await responder.refuse(failure, request.command, contextID: contextID)
    }
    guard window > 1 else { return try await responder.commit(arrived, request.command, contextID: contextID) }
    operations.begin(request.command.messageID ?? 0, mayBeCancelled: false) { [responder] answered in
      // Where the peer is gone the object is kept all the same, and nobody is told.
      try? await responder.commit(arrived, request.command, contextID: contextID, answered: answered)
    }
  }

  /// What has an identifier and may be cancelled goes on beside what is read.
  private func answer(
    _ request: ServiceRequest, contextID: UInt8, on executor: EventLoopExecutor? = nil,
    _ body: @escaping @Sendable (_ identifier: ByteBuffer, _ answered: @escaping @Sendable () -> Void) async -> Void
  ) async throws {
    let identifier: ByteBuffer
    do {
      identifier = try await association.messages.dataSet(upTo: Self.longestIdentifier)
    } catch is MessageTooLong {
      return try await responder.refuse(
        ServiceFailure(.refusedOutOfResources, "the identifier is too long"), request.command, contextID: contextID)
    }
    guard operations.count < max(Self.mostQueries, window) else {
      return try await responder.refuse(
        ServiceFailure(.resourceLimitation, "more operations at once than were agreed"), request.command,
        contextID: contextID)
    }
    // What takes long to understand is none for the thread that others are connected on too.
    let isShort = identifier.readableBytes <= Self.shortIdentifier
    operations.begin(request.command.messageID ?? 0, mayBeCancelled: true, on: isShort ? executor : nil) { answered in
      await body(identifier, answered)
    }
  }
}

extension CommandSet {
  fileprivate func names(otherThan sopClassUID: String) -> Bool {
    affectedSOPClassUID.map { $0 != sopClassUID } ?? false
  }
}

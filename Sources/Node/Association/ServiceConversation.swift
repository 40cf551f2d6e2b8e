// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import DIMSE
import Logging
import NIOCore
import ServiceClasses
import Synchronization
import UpperLayer

/// The messages of one association: each request goes to its service, each service's return goes back as the response.
struct ServiceConversation {
  /// An identifier with ten thousand UIDs stays below it.
  private static let longestIdentifier = 4 << 20

  private let association: Association
  private let caller: Caller
  private let aeTitle: String
  private let storage: StorageService
  private let find: FindService
  private let logger: Logger
  /// The query that is being answered while messages, such as its C-CANCEL, are read on.
  private var running: RunningOperation?

  private let note: @Sendable (String) -> Void

  /// `note` hears of each request that is taken.
  init(
    association: Association, caller: Caller, archive: Archive, aeTitle: String, logger: Logger,
    note: @escaping @Sendable (String) -> Void
  ) {
    self.note = note
    self.association = association
    self.caller = caller
    self.aeTitle = aeTitle
    self.logger = logger
    storage = StorageService(archive: archive)
    find = FindService(archive: archive, aeTitle: aeTitle)
  }

  /// Until the peer asks for release.
  mutating func run() async throws {
    do {
      while let message = try await association.messages.next() {
        try await take(message)
      }
      if Task.isCancelled { throw CancellationError() }
    } catch {
      running?.task?.cancel()
      _ = await running?.task?.result
      throw error
    }
    // A peer that asks for release before its answers are complete wants no more of them.
    running?.task?.cancel()
    _ = await running?.task?.result
  }

  private mutating func take(_ message: Message) async throws {
    let command = message.command
    if command.commandField == .cCancelRQ {
      if let running, running.messageID == command.messageIDBeingRespondedTo { running.task?.cancel() }
      return
    }
    // Responses answer nothing that this node asked.
    guard !command.commandField.isResponse, let context = association.contexts[message.contextID],
      let syntax = TransferSyntax(uid: context.transferSyntaxUID)
    else { return }
    let request = ServiceRequest(
      command: command, abstractSyntax: context.abstractSyntax, transferSyntax: syntax, caller: caller,
      callingAETitle: association.request.callingAETitle)
    guard running?.isAnswering(command.messageID) != true else {
      return try await refuse(
        ServiceFailure(.duplicateInvocation, "the Message ID is that of an operation that goes on"), command,
        contextID: context.id)
    }
    note("\(command.commandField)")
    switch (
      command.commandField, OfferedService(abstractSyntax: context.abstractSyntax, acceptsPrivateSOPClasses: true)
    ) {
    case (.cEchoRQ, .verification):
      try await association.writer.send(VerificationService.response(to: command), contextID: context.id)
    case (.cStoreRQ, .storage): try await store(request, contextID: context.id)
    case (.cFindRQ, .find(let model)): try await query(request, model: model, contextID: context.id)
    default:
      try await refuse(
        ServiceFailure(.unrecognizedOperation, "this operation has no place on this presentation context"),
        command, contextID: context.id)
    }
  }

  private func store(_ request: ServiceRequest, contextID: UInt8) async throws {
    do {
      guard request.command.hasDataSet else {
        throw ServiceFailure(.cannotUnderstand, "the C-STORE-RQ has no data set")
      }
      let messages = association.messages
      let receipt = try await storage.store(request) { try await messages.nextFragment() }
      for remark in receipt.remarks { logger.notice("kept as received: \(remark)") }
      if receipt.outcome == .keptBesideAnother {
        logger.warning("another object with the same SOP Instance UID is stored; both are kept")
      }
      try await association.writer.send(.response(to: request.command, status: .success), contextID: contextID)
    } catch let failure as ServiceFailure {
      try await refuse(failure, request.command, contextID: contextID)
    }
  }

  private mutating func query(_ request: ServiceRequest, model: InformationModel, contextID: UInt8) async throws {
    let identifier: ByteBuffer
    do {
      identifier = try await association.messages.dataSet(upTo: Self.longestIdentifier)
    } catch is MessageTooLong {
      return try await refuse(
        ServiceFailure(.refusedOutOfResources, "the identifier is too long"), request.command, contextID: contextID)
    }
    // Without an asynchronous operations window there is one operation at a time.
    _ = await running?.task?.result
    let (find, writer, logger) = (find, association.writer, logger)
    let operation = RunningOperation(messageID: request.command.messageID ?? 0)
    operation.task = Task {
      do {
        let matches = try await find.find(request, model: model, identifier: Array(identifier.readableBytesView)) {
          try await writer.send($0, contextID: contextID, dataSet: $1)
        }
        operation.finish()
        logger.info("query answered", metadata: ["matches": "\(matches)"])
        try await writer.send(.response(to: request.command, status: .success), contextID: contextID)
      } catch let failure as ServiceFailure {
        operation.finish()
        logger.info("query ended: \(failure.status) \(failure.comment)")
        try await Self.uncancelled {
          try await writer.send(failure.response(to: request.command), contextID: contextID)
        }
      } catch is CancellationError {
        operation.finish()
        let cancelled = CommandSet.response(to: request.command, status: .cancel)
        try await Self.uncancelled { try await writer.send(cancelled, contextID: contextID) }
      } catch {
        operation.finish()
        logger.error("query failed", metadata: ["error": "\(error)"])
        let failure = ServiceFailure(.unableToProcess, "the archive could not be read; see the node's log")
        try await writer.send(failure.response(to: request.command), contextID: contextID)
      }
    }
    running = operation
  }

  /// A cancelled task still owes the peer its final response.
  private static func uncancelled(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await Task { try await body() }.value
  }

  private func refuse(_ failure: ServiceFailure, _ command: CommandSet, contextID: UInt8) async throws {
    logger.notice("\(command.commandField) refused: \(failure.status) \(failure.comment)")
    try await association.writer.send(failure.response(to: command), contextID: contextID)
  }
}

/// An operation that is answered while messages, such as its C-CANCEL, are read on.
private final class RunningOperation: Sendable {
  let messageID: UInt16
  private let state = Mutex<(task: Task<Void, any Error>?, isOver: Bool)>((nil, false))

  init(messageID: UInt16) {
    self.messageID = messageID
  }

  var task: Task<Void, any Error>? {
    get { state.withLock { $0.task } }
    set { state.withLock { $0.task = newValue } }
  }

  /// Its final response is on the way: the peer may use the Message ID again.
  func finish() {
    state.withLock { $0.isOver = true }
  }

  func isAnswering(_ messageID: UInt16?) -> Bool {
    self.messageID == messageID && state.withLock { !$0.isOver }
  }
}

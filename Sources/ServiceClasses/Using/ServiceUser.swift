// SPDX-License-Identifier: Apache-2.0

package import DICOMData
package import DIMSE
package import NIOCore
package import UpperLayer

/// The SCU side: asks a peer for its services on an established association.
package struct ServiceUser {
  let association: Association
  private var lastMessageID: UInt16 = 0

  package init(_ association: Association) {
    self.association = association
  }

  /// C-ECHO (PS3.7 §9.1.5). Throws `ServiceFailure` where the peer accepted no context for it.
  package mutating func echo() async throws -> Status {
    let context = try context(for: UIDRegistry.verification)
    var command = CommandSet(.cEchoRQ)
    command.messageID = nextMessageID()
    command.affectedSOPClassUID = UIDRegistry.verification
    try await association.writer.send(command, contextID: context.id)
    // It has one response (PS3.7 §9.1.5): a peer that says pending for ever is not waited for.
    return try await nextResponse(to: command).status ?? .processingFailure
  }

  /// How many operations the peer lets be outstanding (PS3.7 D.3.3.3), at most `wished`.
  package func window(atMost wished: Int) -> Int {
    guard let agreed = association.agreed.asynchronousOperationsWindow?.invoked else { return 1 }
    return agreed == 0 ? wished : max(1, min(Int(agreed), wished))
  }

  /// Begins a C-STORE (PS3.7 §9.1.1): the data set goes out as `nextChunk` gives it, unchanged. Returns the Message ID, by
  /// which `nextStoreResponse` names it. `originator`: for whose C-MOVE. `depart`: see `MessageWriter.send`.
  package mutating func beginStore(
    sopClassUID: String, sopInstanceUID: String, transferSyntaxUID: String, originator: MoveOriginator? = nil,
    depart: () async throws -> Void = {}, nextChunk: () async throws -> ByteBuffer?
  ) async throws -> UInt16 {
    let context = try context(for: sopClassUID, transferSyntaxUID: transferSyntaxUID)
    let messageID = nextMessageID()
    let command = CommandSet.store(
      messageID: messageID, sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID, originator: originator)
    try await association.writer.send(command, contextID: context.id, depart: depart, nextChunk: nextChunk)
    return messageID
  }

  /// The next C-STORE-RSP, to whichever of the outstanding operations the peer answers first. Throws at a response of another
  /// kind; whether the Message ID is one that waits, whoever asked knows.
  package func nextStoreResponse() async throws -> (messageID: UInt16, response: CommandSet) {
    let response = try await nextResponse { $0.commandField == .cStoreRSP }
    guard let answered = response.messageIDBeingRespondedTo else { throw association.unasked(response) }
    return (answered, response)
  }

  /// C-FIND (PS3.7 §9.1.2). Hands each match to `take`; returns the final status.
  package mutating func find(
    sopClassUID: String, identifier: DataSetBuilder, take: (DataSet) async throws -> Void
  ) async throws -> CommandSet {
    let context = try context(for: sopClassUID)
    guard let syntax = TransferSyntax(uid: context.transferSyntaxUID) else {
      throw ServiceFailure(.processingFailure, "the peer chose a transfer syntax that nobody knows")
    }
    var command = CommandSet(.cFindRQ)
    command.messageID = nextMessageID()
    command.affectedSOPClassUID = sopClassUID
    command.priority = 0
    command.hasDataSet = true
    try await association.writer.send(
      command, contextID: context.id, dataSet: ByteBuffer(bytes: identifier.encoded(as: syntax)))
    while true {
      let response = try await nextResponse(to: command)
      guard response.status?.isPending == true else { return response }
      let bytes = try await association.messages.dataSet(upTo: 16 << 20)
      try await take(DataSet(reading: Array(bytes.readableBytesView), transferSyntax: syntax))
    }
  }

  /// What a response ends that answers nothing that was asked.
  package func unasked(_ response: CommandSet) -> AssociationEnd { association.unasked(response) }

  func context(for sopClassUID: String, transferSyntaxUID: String? = nil) throws -> AcceptedContext {
    let context = association.contexts.values.first { context in
      context.abstractSyntax == sopClassUID
        && (transferSyntaxUID ?? context.transferSyntaxUID) == context.transferSyntaxUID
    }
    guard let context else {
      throw ServiceFailure(
        withoutContextFor: sopClassUID, in: transferSyntaxUID,
        because: association.whyUnusable(sopClassUID, in: transferSyntaxUID) ?? "")
    }
    return context
  }

  mutating func nextMessageID() -> UInt16 {
    lastMessageID = lastMessageID == .max ? 1 : lastMessageID + 1
    return lastMessageID
  }

  func nextResponse(to command: CommandSet) async throws -> CommandSet {
    try await nextResponse { $0.messageIDBeingRespondedTo == command.messageID }
  }

  /// A request that the peer makes meanwhile is passed over, and moves no deadline.
  private func nextResponse(_ isAwaited: (CommandSet) -> Bool) async throws -> CommandSet {
    try await association.answer {
      while let message = try await association.messages.next() {
        if isAwaited(message.command) { return message.command }
        guard !message.command.commandField.isResponse else { throw association.unasked(message.command) }
      }
      throw ServiceFailure.unanswered
    }
  }
}

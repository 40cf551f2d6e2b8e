// SPDX-License-Identifier: Apache-2.0

package import DICOMData
package import DIMSE
import NIOCore
import UpperLayer

extension ServiceUser {
  /// C-MOVE (PS3.7 §9.1.4) to the application entity `destination`; `report` hears of each pending response. Returns the
  /// final one.
  package mutating func move(
    sopClassUID: String, identifier: DataSetBuilder, destination: String, report: (RetrieveResponse) -> Void
  ) async throws -> RetrieveResponse {
    try await retrieve(.cMoveRQ, sopClassUID, identifier, destination: destination, report) { command, _, _ in
      throw ServiceFailure(.unrecognizedOperation, "the peer asked for \(command.commandField)")
    }
  }

  /// C-GET (PS3.7 §9.1.3): each object that the peer sends is given to `receive` with its transfer syntax and a reader that
  /// gives its data set; the status that it returns is the answer.
  package mutating func get(
    sopClassUID: String, identifier: DataSetBuilder, report: (RetrieveResponse) -> Void,
    receive: (CommandSet, _ transferSyntaxUID: String, MessageReader) async throws -> Status
  ) async throws -> RetrieveResponse {
    try await retrieve(.cGetRQ, sopClassUID, identifier, destination: nil, report, receive: receive)
  }

  private mutating func retrieve(
    _ field: CommandField, _ sopClassUID: String, _ identifier: DataSetBuilder, destination: String?,
    _ report: (RetrieveResponse) -> Void, receive: (CommandSet, String, MessageReader) async throws -> Status
  ) async throws -> RetrieveResponse {
    let context = try context(for: sopClassUID)
    guard let syntax = TransferSyntax(uid: context.transferSyntaxUID) else {
      throw ServiceFailure(.processingFailure, "the peer chose a transfer syntax that nobody knows")
    }
    var command = CommandSet(field)
    command.messageID = nextMessageID()
    command.affectedSOPClassUID = sopClassUID
    command.moveDestination = destination
    command.priority = 0
    command.hasDataSet = true
    try await association.writer.send(
      command, contextID: context.id, dataSet: ByteBuffer(bytes: identifier.encoded(as: syntax)))
    while let message = try await association.answer({ try await next(of: command) }) {
      if message.command.commandField == .cStoreRQ, let own = association.contexts[message.contextID] {
        let status = try await receive(message.command, own.transferSyntaxUID, association.messages)
        try await association.writer.send(
          .response(to: message.command, status: status), contextID: message.contextID)
      } else if message.command.messageIDBeingRespondedTo == command.messageID {
        guard message.command.status?.isPending == true else {
          return RetrieveResponse(message.command, identifier: try await failed(syntax))
        }
        report(RetrieveResponse(message.command))
      }
    }
    throw ServiceFailure(.processingFailure, "the peer released the association without an answer")
  }

  /// The next C-STORE-RQ, or response; another request is passed over, and moves no deadline.
  private func next(of command: CommandSet) async throws -> Message? {
    while let message = try await association.messages.next() {
      let isObject = message.command.commandField == .cStoreRQ && association.contexts[message.contextID] != nil
      if isObject || message.command.messageIDBeingRespondedTo == command.messageID { return message }
      guard !message.command.commandField.isResponse else { throw association.unasked(message.command) }
    }
    return nil
  }

  /// The identifier of a final response, where there is one that can be read.
  private func failed(_ syntax: TransferSyntax) async throws -> DataSet? {
    let bytes = try await association.messages.dataSet(upTo: 16 << 20)
    return try? DataSet(reading: Array(bytes.readableBytesView), transferSyntax: syntax)
  }
}

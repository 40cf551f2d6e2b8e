// SPDX-License-Identifier: Apache-2.0

import DICOMData
package import DIMSE
import NIOCore
import UpperLayer

extension ServiceUser {
  /// N-EVENT-REPORT (PS3.4 J.3.3) on an association that this node opened to report.
  package mutating func report(_ report: CommitmentReport) async throws -> Status {
    let (context, syntax) = try contextAndSyntax(for: UIDRegistry.storageCommitmentPushModel)
    let command = CommandSet.eventReport(report, messageID: nextMessageID())
    try await association.writer.send(
      command, contextID: context.id, dataSet: ByteBuffer(bytes: report.dataSet.encoded(as: syntax)))
    return try await nextResponse(to: command).status ?? .processingFailure
  }

  /// N-ACTION (PS3.4 J.3.2): asks the peer to commit to objects. The report may come before the answer: it is given to `take`.
  package mutating func requestCommitment(
    _ action: CommitmentAction, take: (CommitmentReport) -> Void
  ) async throws -> CommandSet {
    let (command, _) = try await sendAction(
      CommitmentAction.requestStorageCommitment, on: UIDRegistry.storageCommitmentPushModelInstance,
      of: UIDRegistry.storageCommitmentPushModel, action.dataSet)
    // Reports, however many, move no deadline.
    return try await association.answer {
      while let message = try await association.messages.next() {
        if message.command.messageIDBeingRespondedTo == command.messageID { return message.command }
        if let report = try await CommitmentListener.answer(message, on: association) { take(report) }
      }
      throw ServiceFailure.unanswered
    }
  }

  /// The next report of the peer on this association; nil when it asks for release.
  package func nextCommitmentReport() async throws -> CommitmentReport? {
    while let message = try await association.messages.next() {
      if let report = try await CommitmentListener.answer(message, on: association) { return report }
    }
    return nil
  }
}

/// The side that hears storage commitment reports (PS3.4 J.3.3.2), on an association of its own or of the peer.
package enum CommitmentListener {
  private static let longestReport = 64 << 20

  /// Answers whatever the peer asks: success for a report that is understood, which is returned.
  package static func answer(_ message: Message, on association: Association) async throws -> CommitmentReport? {
    let command = message.command
    guard !command.commandField.isResponse, command.commandField != .cCancelRQ else { return nil }
    do {
      guard command.commandField == .nEventReportRQ, let context = association.contexts[message.contextID],
        context.abstractSyntax == UIDRegistry.storageCommitmentPushModel,
        let syntax = TransferSyntax(uid: context.transferSyntaxUID)
      else { throw ServiceFailure(.unrecognizedOperation, "nothing but storage commitment reports is heard here") }
      guard let event = command.eventTypeID,
        [CommitmentReport.successful, CommitmentReport.failuresExist].contains(event)
      else { throw ServiceFailure(.noSuchEventType, "Event Type ID is neither 1 nor 2") }
      let bytes = try await association.messages.dataSet(upTo: longestReport)
      let report = try CommitmentReport(reading: Array(bytes.readableBytesView), transferSyntax: syntax)
      var response = CommandSet.response(to: command, status: .success)
      response.eventTypeID = event
      try await association.writer.send(response, contextID: message.contextID)
      return report
    } catch let failure as ServiceFailure {
      try await association.writer.send(failure.response(to: command), contextID: message.contextID)
      return nil
    }
  }
}

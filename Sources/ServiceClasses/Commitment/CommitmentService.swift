// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
import DICOMData
package import DIMSE
package import NIOCore
import UpperLayer

/// The Storage Commitment Service Class, push model, as SCP (PS3.4 annex J).
package struct CommitmentService: Sendable {
  private let archive: Archive
  private let aeTitle: String

  package init(archive: Archive, aeTitle: String) {
    self.archive = archive
    self.aeTitle = aeTitle
  }

  /// Takes an N-ACTION-RQ. Returns the number of what is on the disk now and will be reported, whatever happens; throws what
  /// the peer is to be told.
  package func accept(
    _ request: ServiceRequest, action bytes: [UInt8], from address: String, isReportedHere: Bool
  ) async throws -> Int64 {
    let command = request.command
    try Self.requireTheInstance(command)
    guard try await archive.rights(of: request.caller).contains(.store) else {
      throw ServiceFailure(.refusedNotAuthorized, "this peer may not store here (any more)")
    }
    let action = try CommitmentAction(reading: bytes, transferSyntax: request.transferSyntax)
    do {
      let number = try await archive.commitments.accept(
        CommitmentRequest(
          caller: request.caller, callingAETitle: request.callingAETitle, address: address,
          transactionUID: action.transactionUID, objects: action.objects), isLeased: isReportedHere)
      if let number { return number }
    } catch is ReceptionError {
      throw ServiceFailure(.resourceLimitation, "the archive cannot take requests now; try again later")
    }
    throw ServiceFailure(.resourceLimitation, "too many requests of this peer wait for their reports")
  }

  /// PS3.4 J.3.2: one class, one instance, one action.
  private static func requireTheInstance(_ command: CommandSet) throws(ServiceFailure) {
    guard
      command.requestedSOPClassUID ?? UIDRegistry.storageCommitmentPushModel == UIDRegistry.storageCommitmentPushModel
    else { throw ServiceFailure(.noSuchSOPClass, "the SOP class is not that of the presentation context") }
    guard command.requestedSOPInstanceUID == UIDRegistry.storageCommitmentPushModelInstance else {
      throw ServiceFailure(.noSuchSOPInstance, "Requested SOP Instance UID is not the well-known one")
    }
    guard command.actionTypeID == CommitmentAction.requestStorageCommitment else {
      throw ServiceFailure(.noSuchAction, "Action Type ID is not 1")
    }
    guard command.hasDataSet else {
      throw ServiceFailure(.invalidArgumentValue, "the request has no action information")
    }
  }

  package func report(of commitment: Commitment) -> CommitmentReport {
    CommitmentReport(commitment, retrieveAETitle: aeTitle)
  }

  /// N-EVENT-REPORT on the association that the request came on, where somebody else reads the response.
  package func send(
    _ report: CommitmentReport, over writer: MessageWriter, _ context: AcceptedContext,
    awaiting responses: AwaitedResponses, within time: TimeAmount
  ) async throws -> Status {
    guard let syntax = TransferSyntax(uid: context.transferSyntaxUID) else { return .processingFailure }
    let command = CommandSet.eventReport(report, messageID: try responses.begin())
    try await writer.send(
      command, contextID: context.id, dataSet: ByteBuffer(bytes: report.dataSet.encoded(as: syntax)))
    return try await responses.response(
      to: command.messageID ?? 0, within: time, on: writer.eventLoop
    ).status ?? .processingFailure
  }
}

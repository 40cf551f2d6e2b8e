// SPDX-License-Identifier: Apache-2.0

import DICOMData
import DIMSE
import NIOCore

/// What the normalized services (PS3.7 §10) have in common.
extension ServiceUser {
  /// Sends an N-ACTION (PS3.7 §10.1.4) with its information, in the transfer syntax that the peer chose.
  /// - Returns: What was sent, to know its answer by, and the transfer syntax.
  mutating func sendAction(
    _ actionTypeID: UInt16, on instanceUID: String, of sopClassUID: String, _ information: DataSetBuilder
  ) async throws -> (request: CommandSet, transferSyntax: TransferSyntax) {
    let (context, syntax) = try contextAndSyntax(for: sopClassUID)
    var command = CommandSet(.nActionRQ)
    command.messageID = nextMessageID()
    command.requestedSOPClassUID = sopClassUID
    command.requestedSOPInstanceUID = instanceUID
    command.actionTypeID = actionTypeID
    command.hasDataSet = true
    try await association.writer.send(
      command, contextID: context.id, dataSet: ByteBuffer(bytes: information.encoded(as: syntax)))
    return (command, syntax)
  }

  func contextAndSyntax(for sopClassUID: String) throws -> (AcceptedContext, TransferSyntax) {
    let context = try context(for: sopClassUID)
    guard let syntax = TransferSyntax(uid: context.transferSyntaxUID) else {
      throw ServiceFailure(.processingFailure, "the peer chose a transfer syntax that nobody knows")
    }
    return (context, syntax)
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData
package import DIMSE
import NIOCore
import UpperLayer

extension ServiceUser {
  /// N-ACTION: redeems a code for whoever this association is; the answer, and what it says is open.
  package mutating func redeem(_ code: String) async throws -> (answer: CommandSet, open: String?) {
    let context = try context(for: Implementation.redemptionUID)
    guard let syntax = TransferSyntax(uid: context.transferSyntaxUID) else {
      throw ServiceFailure(.processingFailure, "the peer chose a transfer syntax that nobody knows")
    }
    var command = CommandSet(.nActionRQ)
    command.messageID = nextMessageID()
    command.requestedSOPClassUID = Implementation.redemptionUID
    command.requestedSOPInstanceUID = Implementation.redemptionInstanceUID
    command.actionTypeID = RedemptionAction.redeem
    command.hasDataSet = true
    try await association.writer.send(
      command, contextID: context.id,
      dataSet: ByteBuffer(bytes: RedemptionAction.dataSet(code).encoded(as: syntax)))
    while let message = try await association.messages.next() {
      guard message.command.messageIDBeingRespondedTo == command.messageID else { continue }
      guard message.command.hasDataSet else { return (message.command, nil) }
      let reply = try await association.messages.dataSet(upTo: 64 << 10)
      return (
        message.command, RedemptionAction.text(reading: Array(reply.readableBytesView), transferSyntax: syntax)
      )
    }
    throw ServiceFailure(.processingFailure, "the peer released the association without an answer")
  }
}

// SPDX-License-Identifier: Apache-2.0

import DICOMData
package import DIMSE
import NIOCore
import UpperLayer

extension ServiceUser {
  /// N-ACTION: redeems a code for whoever this association is; the answer, and what it says is open.
  package mutating func redeem(_ code: String) async throws -> (answer: CommandSet, open: String?) {
    let (command, syntax) = try await sendAction(
      RedemptionAction.redeem, on: Implementation.redemptionInstanceUID, of: Implementation.redemptionUID,
      RedemptionAction.dataSet(code))
    while let message = try await association.messages.next() {
      guard message.command.messageIDBeingRespondedTo == command.messageID else { continue }
      guard message.command.hasDataSet else { return (message.command, nil) }
      let reply = try await association.messages.dataSet(upTo: 64 << 10)
      return (
        message.command, RedemptionAction.text(reading: Array(reply.readableBytesView), transferSyntax: syntax)
      )
    }
    throw Self.unanswered
  }
}

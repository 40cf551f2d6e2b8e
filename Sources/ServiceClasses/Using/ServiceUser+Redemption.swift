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
    let answer = try await nextResponse(to: command)
    guard answer.hasDataSet else { return (answer, nil) }
    let reply = try await association.messages.dataSet(upTo: 64 << 10)
    return (answer, RedemptionAction.text(reading: Array(reply.readableBytesView), transferSyntax: syntax))
  }
}

// SPDX-License-Identifier: Apache-2.0

import DIMSE

/// Whose C-MOVE a C-STORE is part of (PS3.7 §9.3.1.1).
package struct MoveOriginator: Sendable, Hashable {
  package let aeTitle: String
  package let messageID: UInt16

  package init(aeTitle: String, messageID: UInt16) {
    self.aeTitle = aeTitle
    self.messageID = messageID
  }
}

extension CommandSet {
  /// A C-STORE-RQ, whose data set follows.
  static func store(
    messageID: UInt16, sopClassUID: String, sopInstanceUID: String, originator: MoveOriginator?
  ) -> CommandSet {
    var command = CommandSet(.cStoreRQ)
    command.messageID = messageID
    command.affectedSOPClassUID = sopClassUID
    command.affectedSOPInstanceUID = sopInstanceUID
    command.priority = 0
    command.moveOriginatorAETitle = originator?.aeTitle
    command.moveOriginatorMessageID = originator?.messageID
    command.hasDataSet = true
    return command
  }
}

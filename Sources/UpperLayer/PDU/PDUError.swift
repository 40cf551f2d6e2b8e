// SPDX-License-Identifier: Apache-2.0

/// A PDU that is not one, or that this node has no room for, and what the A-ABORT that answers it says (PS3.8 §9.3.8).
package struct PDUError: Error, Sendable, Equatable, CustomStringConvertible {
  package let reason: Abort.Reason
  package let description: String
  /// What an association request is told that nothing is wrong with.
  let rejection: AssociateRJ?

  init(_ reason: Abort.Reason, _ description: String, rejection: AssociateRJ? = nil) {
    self.reason = reason
    self.rejection = rejection
    self.description = description
  }
}
